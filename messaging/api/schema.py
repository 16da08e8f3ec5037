"""The calls about messages, as the document of the API describes them."""

from collections.abc import Callable
from typing import Annotated

from msgspec import Meta

from accounts.api.schema import FILTERED, SILENCED
from accounts.privacy import Privacy
from accounts.record import PersonRecord
from chatsite.schema.calls import FORM, JSON, View, call, header, in_path, key_in_path
from chatsite.schema.refusals import OF_PICTURES, Sentences, joined
from messaging.bodies import (
    ChatBody,
    DeletionBody,
    DisappearingBody,
    DraftBody,
    EditBody,
    ForwardBody,
    GroupBody,
    GroupChangeBody,
    GroupChangeForm,
    GroupForm,
    OpenBody,
    PeopleBody,
    PrivacyBody,
    ReadAllBody,
    ReadBody,
    ReportBody,
    RoleBody,
    SendBody,
    SendForm,
    UndoBody,
)
from messaging.serializers import (
    ClearQuery,
    ContactsQuery,
    HistoryQuery,
    MembersQuery,
    PageQuery,
    ReactionsQuery,
    ReceiptsQuery,
    SearchQuery,
    SharedQuery,
    SyncQuery,
    WhomSerializer,
)
from messaging.shapes.payload_types import (
    BlockPayload,
    ChatPayload,
    ChatSettingsPayload,
    DisappearingPayload,
    ForwardedPayload,
    GroupPayload,
    MarkPayload,
    MemberPayload,
    OpeningPayload,
    ReactorPayload,
    ReceiptPayload,
    RemovedPayload,
    ReportPayload,
    SearchPayload,
    SyncPayload,
    UndoPayload,
)
from messaging.shapes.reactions import Emoji
from messaging.shapes.record import MessageRecord

TAG = "Messages"
NO_LONGER_MEMBER = "You are no longer in this group."
NO_GROUP = "No such group."
EMPTY_MESSAGE = "Text or image is required."
OF_TEXTS = [
    "The text is too long: at most 10,000 characters.",
    "The text has characters that cannot be stored.",
]
MAY_NOT_WRITE = [
    NO_LONGER_MEMBER,
    "Only admins may write in this group.",
    SILENCED,
    "This account was deleted.",
    "New accounts send links and files once the other one has answered.",
]
BUSY = "The site is busy at the moment. Please try again."
Decorator = Callable[[View], View]
PEER = key_in_path(
    "peer",
    "The `_id` of the other person, or of a group. That of my saved messages, a chat with myself,"
    " is my own `_id` with `ff` in place of its first two characters.",
)
MESSAGE = key_in_path("message", "The message's `_id`.")
EMOJI = in_path("emoji", Emoji, "Percent-encoded.")
OF_ATTACHMENTS = [
    "A message can have at most 10 attachments.",
    "Attachments are the keys of uploads, each once.",
    "There is no such upload of yours, or it was sent before.",
    "A voice message is sent without other files.",
    "Only uploaded pictures, or a voice message, can be seen once, and without words.",
]
OF_CAPTIONS = [
    "Captions are of attachments of the message.",
    "A caption is too long: at most 1,000 characters.",
]
OF_MENTIONS = [
    "A message can mention at most 50 people.",
    "Mentions are the keys of people, each once.",
]
NO_PEER = ["No such person.", NO_GROUP]

contacts = call(
    "listContacts",
    "Everyone but me, by name",
    tag=TAG,
    parameters=[
        ContactsQuery,
        header("Link", '`<…>; rel="next"`, where there are more.', [200], always=False),
    ],
    responses={200: ("All of them, unless `limit` says otherwise.", list[PersonRecord])},
    refused={400: ["Ensure this value is greater than or equal to 1."]},
)

chats = call(
    "listChats",
    "The people I have messages with, and my groups, latest first",
    tag=TAG,
    responses={
        200: ("One entry for each person or group: what I have pinned first.", list[ChatPayload])
    },
)

change_chat = call(
    "changeChat",
    "Pin, archive, mute a chat or mark it as unread, for me alone",
    tag=TAG,
    changes=True,
    parameters=[PEER],
    bodies={JSON: ChatBody},
    responses={200: ("As it is now.", ChatSettingsPayload)},
    refused={
        400: [
            "You can pin up to 5 chats. Unpin one of them first.",
            "A chat is either pinned or archived.",
            "Must be a valid boolean.",
        ],
        404: ["No such chat."],
    },
)

clear_chat = call(
    "deleteChat",
    "Delete the messages of a chat for me alone",
    tag=TAG,
    changes=True,
    parameters=[PEER, ClearQuery],
    responses={
        200: (
            "It is in my list again once there are more; a group that I am in stays there.",
            RemovedPayload,
        )
    },
    refused={
        400: ["Ensure this value is greater than or equal to 1."],
        404: ["No such chat."],
        503: [BUSY],
    },
)

save_draft = call(
    "saveDraft",
    "Keep what I have begun to write in a chat, for my other devices",
    tag=TAG,
    changes=True,
    parameters=[PEER],
    bodies={JSON: DraftBody},
    responses={200: ("How I keep the chat, with the draft.", ChatSettingsPayload)},
    refused={
        400: [*OF_TEXTS, "The message that this one answers is not there.", *OF_MENTIONS],
        404: ["No such chat."],
    },
)

let_disappear = call(
    "setDisappearing",
    "Let what anybody sends in a chat from now on disappear after a time, or stay",
    tag=TAG,
    changes=True,
    parameters=[PEER],
    bodies={JSON: DisappearingBody},
    responses={200: ("As it is now. A system message tells it, once.", DisappearingPayload)},
    refused={
        400: [
            "Messages disappear after a minute at the earliest, and after a year at most.",
            "A valid integer is required.",
        ],
        403: [
            *MAY_NOT_WRITE[:3],
            "Only admins of the group may do this.",
            "You can choose this once they have answered you.",
            "You have blocked this person. Unblock them to write to them.",
        ],
        404: ["No such chat.", "Receiver not found."],
        503: [BUSY],
    },
)

history = call(
    "listMessages",
    "The messages with one person or in a group, oldest first, without deleted ones",
    tag=TAG,
    parameters=[
        PEER,
        HistoryQuery,
        header("Link", '`<…>; rel="prev"`, where there are older ones.', [200], always=False),
    ],
    responses={200: ("The newest page, or the one before `before`.", list[MessageRecord])},
    refused={
        400: ["Ensure this value is less than or equal to 1000."],
        404: NO_PEER,
    },
)

edit = call(
    "editMessage",
    "Change the text of one of my messages, the words under my picture, or captions of my files",
    tag=TAG,
    changes=True,
    parameters=[key_in_path("peer", "The `_id` of the message, not of a person.")],
    bodies={JSON: EditBody},
    responses={
        200: ("The message as it is now; so, too, where it says the same already.", MessageRecord)
    },
    refused={
        400: [EMPTY_MESSAGE, *OF_TEXTS, FILTERED, *OF_MENTIONS, *OF_CAPTIONS],
        403: [
            "You can only edit your own messages.",
            "Forwarded messages cannot be edited.",
            "What is seen once cannot be edited.",
            "It is too late to edit this message.",
            "Messages cannot be edited on this site.",
            *MAY_NOT_WRITE,
        ],
        404: ["Message not found.", "Receiver not found."],
        409: ["This message was deleted."],
        503: [BUSY],
    },
)

OF_DELETING: Sentences = {
    403: [
        "You can only delete your own messages.",
        "It is too late to delete this message for everybody.",
    ],
    404: ["Message not found."],
    409: ["You have deleted single messages in too many places. Delete more at once, or the chat."],
    503: [BUSY],
}

delete = call(
    "deleteMessage",
    "Delete one of my messages for everybody, or any message for me",
    tag=TAG,
    changes=True,
    parameters=[key_in_path("peer", "The `_id` of the message, not of a person."), WhomSerializer],
    responses={
        200: ("The same again for one that was deleted for everybody before.", RemovedPayload)
    },
    refused=joined({400: ['"somebody" is not a valid choice.']}, OF_DELETING),
)

delete_several = call(
    "deleteMessages",
    "Delete several messages of one conversation: all of them, or none",
    tag=TAG,
    changes=True,
    bodies={JSON: DeletionBody},
    responses={200: ("What takes it back, if it is asked at once.", UndoPayload)},
    refused=joined(
        {
            400: [
                "You can delete up to 100 messages at once.",
                "The messages are of several conversations.",
                "This field is required.",
            ]
        },
        OF_DELETING,
    ),
)

undo = call(
    "undoDeletion",
    "Take a deletion of mine back",
    tag=TAG,
    changes=True,
    bodies={JSON: UndoBody},
    responses={200: ("The same again, if it is asked again.", RemovedPayload)},
    refused={
        400: ["This field is required."],
        409: ["It is too late to undo that."],
        503: [BUSY],
    },
)

send = call(
    "sendMessage",
    "Send a text, a picture, attachments, or several of them",
    tag=TAG,
    changes=True,
    parameters=[PEER],
    bodies={JSON: SendBody, FORM: SendForm},
    responses={
        201: ("Sent.", MessageRecord),
        200: ("The first message with this `clientMessageId`: nothing is sent.", MessageRecord),
    },
    refused=joined(
        {
            400: [
                EMPTY_MESSAGE,
                "Cannot send messages to yourself.",
                *OF_TEXTS,
                FILTERED,
                "The client message id must be 1 to 64 of the characters A-Z, a-z, 0-9, _ and -.",
                "The message that this one answers is not there.",
                *OF_MENTIONS,
                *OF_ATTACHMENTS,
                *OF_CAPTIONS,
            ],
            403: MAY_NOT_WRITE,
            404: ["Receiver not found."],
            409: ["This client message id was used for another receiver."],
        },
        OF_PICTURES,
    ),
)


forward = call(
    "forwardMessages",
    "Send copies of messages to several chats",
    tag=TAG,
    changes=True,
    bodies={JSON: ForwardBody},
    responses={
        201: (
            "What was sent, and to which chats nothing was. Each copy counts as a message.",
            ForwardedPayload,
        ),
        200: ("All of it was sent before: nothing is sent.", ForwardedPayload),
    },
    refused={
        400: [
            "Name the messages to forward, each once.",
            "Name the chats to forward to, each once: at most 20.",
            "Forward at most 100 messages at once, over all chats.",
            "System messages cannot be forwarded.",
            "What is seen once cannot be forwarded.",
            "A clientMessageId is required.",
            "Cannot send messages to yourself.",
        ],
        403: [NO_LONGER_MEMBER, "Only admins may write in this group."],
        404: ["Message not found.", "Receiver not found."],
        409: ["This message was deleted."],
        503: [BUSY],
    },
)


def _marking(operation: str, summary: str, body: type, mark: str, wrong: list[str]) -> Decorator:
    return call(
        operation,
        summary,
        tag=TAG,
        changes=True,
        parameters=[PEER],
        bodies={JSON: body},
        responses={200: (mark, MarkPayload)},
        refused={400: [*wrong, "A valid integer is required."], 404: NO_PEER},
    )


mark_read = _marking(
    "markRead",
    "Move my read mark up",
    ReadBody,
    "The mark: at most the last message, never lower than before.",
    ["This field is required."],
)

mark_delivered = _marking(
    "markDelivered",
    "Say up to which message a device of mine has them",
    ReadBody,
    "The mark: at most the last message, never lower than before or than my read mark. 0 in a"
    " group of more than 50, where it is not kept.",
    ["This field is required."],
)

mark_all_read = _marking(
    "markAllRead",
    "Move my read mark up to the last message",
    ReadAllBody,
    "The mark: the last message, or `seq` where one is given.",
    [],
)


def _reacting(operation: str, summary: str, meaning: str, refused: Sentences) -> Decorator:
    return call(
        operation,
        summary,
        tag=TAG,
        changes=True,
        parameters=[MESSAGE, EMOJI],
        responses={200: (meaning, MessageRecord)},
        refused=joined(
            {
                400: ["A reaction is one emoji.", "Nobody can react to a system message."],
                404: ["Message not found."],
                409: ["This message was deleted."],
                503: [BUSY],
            },
            refused,
        ),
    )


react = _reacting(
    "react",
    "React to a message with an emoji",
    "The message as it is now; so, too, for a reaction that is there already.",
    {
        400: [
            "You can react to a message with at most 10 emoji.",
            "A message can have at most 20 different emoji.",
        ],
        403: [NO_LONGER_MEMBER],
    },
)

unreact = _reacting(
    "takeReactionBack",
    "Take my reaction to a message back",
    "The message as it is now; so, too, without such a reaction.",
    {},
)


remove_preview = call(
    "removePreview",
    "Remove the preview of the link of a message of mine, for everybody",
    tag=TAG,
    changes=True,
    parameters=[MESSAGE],
    responses={200: ("The message as it is now; so, too, without a preview.", MessageRecord)},
    refused={
        403: ["You can only remove the previews of your own messages."],
        404: ["Message not found."],
        409: ["This message was deleted."],
        503: [BUSY],
    },
)


listen = call(
    "listen",
    "Say that I have listened to a voice message: its sender learns of it, if they see what I read",
    tag=TAG,
    changes=True,
    parameters=[MESSAGE],
    responses={200: ("The message as it is now; so, too, after the first time.", MessageRecord)},
    refused={
        400: ["This is no voice message.", "This voice message is your own."],
        404: ["Message not found."],
        409: ["This message was deleted."],
        503: [BUSY],
    },
)


open_once = call(
    "openMessage",
    "Open what is seen once: its files are served to me for two minutes, a voice message for as"
    " long again as it takes",
    tag=TAG,
    changes=True,
    parameters=[MESSAGE],
    bodies={JSON: OpenBody},
    responses={200: ("Where they are; so, too, with the same `openingId`.", OpeningPayload)},
    refused={
        400: [
            "This message is not one that is seen once.",
            "What you sent is for the others to open.",
            "An opening id is required: 1 to 64 of the characters A-Z, a-z, 0-9, _ and -.",
        ],
        403: [
            NO_LONGER_MEMBER,
            "You have blocked this person. Unblock them to write to them.",
            "They are told nothing until you accept.",
        ],
        404: ["Message not found."],
        409: [
            "This message was deleted.",
            "You have opened this already.",
        ],
        410: ["This can no longer be opened."],
        503: [BUSY],
    },
)


def _pinning(operation: str, summary: str, meaning: str, refused: list[str]) -> Decorator:
    return call(
        operation,
        summary,
        tag=TAG,
        changes=True,
        parameters=[MESSAGE],
        responses={200: (meaning, MessageRecord)},
        refused={
            400: ["System messages cannot be pinned.", *refused],
            403: ["Only admins may write in this group.", NO_LONGER_MEMBER],
            404: ["Message not found."],
            409: ["This message was deleted."],
            503: [BUSY],
        },
    )


pin = _pinning(
    "pinMessage",
    "Pin a message in its conversation, for everybody",
    "The message as it is now; so, too, for one that is pinned already.",
    ["At most 50 messages can be pinned here. Unpin one of them first."],
)

unpin = _pinning(
    "unpinMessage",
    "Take the pin of a message away, whoever pinned it",
    "The message as it is now; so, too, for one that is not pinned.",
    [],
)

sync = call(
    "sync",
    "Everything that changed for me since a cursor, including tombstones",
    tag=TAG,
    parameters=[SyncQuery],
    responses={
        200: ("At most 500 messages. Without `since`, a cursor to start from.", SyncPayload)
    },
    refused={400: ["This cursor is not valid."]},
)

privacy = call(
    "getPrivacy",
    "What I let others see of me",
    tag=TAG,
    responses={200: ("As it is now.", Privacy)},
)

change_privacy = call(
    "changePrivacy",
    "Change what I let others see of me, and so what I see of them",
    tag=TAG,
    changes=True,
    bodies={JSON: PrivacyBody},
    responses={200: ("As it is now.", Privacy)},
    refused={400: ["Say what to change."]},
)

AnyUsername = Annotated[str, Meta(min_length=1, examples=["ada", "@Ada"])]

find_by_username = call(
    "findByUsername",
    "Who has a @username",
    tag=TAG,
    parameters=[
        in_path("username", AnyUsername, "With or without its @, in whatever case."),
    ],
    responses={200: ("Their `_id` is where to write to.", PersonRecord)},
    refused={404: ["No such person."]},
)

PERSON_TO_BLOCK = key_in_path("person", "The person's `_id`.")

blocks = call(
    "listBlocks",
    "Whom I have blocked, by name",
    tag=TAG,
    responses={200: ("At most 1,000.", list[BlockPayload])},
)

block = call(
    "blockPerson",
    "Block somebody: neither reaches the other, and nobody else is told",
    tag=TAG,
    changes=True,
    parameters=[PERSON_TO_BLOCK],
    responses={
        200: (
            "What they send from now on is not for me. Groups that both are in go on.",
            ChatSettingsPayload,
        )
    },
    refused={
        404: ["No such person."],
        409: ["You cannot block yourself.", "You can block up to 1,000 people."],
    },
)

unblock = call(
    "unblockPerson",
    "Unblock somebody",
    tag=TAG,
    changes=True,
    parameters=[PERSON_TO_BLOCK],
    responses={
        200: (
            "So, too, for somebody who is not blocked. What they wrote meanwhile stays away.",
            ChatSettingsPayload,
        )
    },
    refused={404: ["No such person."]},
)

accept = call(
    "acceptRequest",
    "Accept the chat that a stranger has begun",
    tag=TAG,
    changes=True,
    parameters=[PERSON_TO_BLOCK],
    responses={
        200: (
            "So, too, for a chat that is no request. To refuse one, delete the chat.",
            ChatSettingsPayload,
        )
    },
    refused={404: ["No such chat."]},
)

GROUPS = "Groups"
GROUP = key_in_path("group", "The group's `_id`.")
PERSON = key_in_path("person", "A member's `_id`.")
CONVERSATION = key_in_path("conversation", "A group's `_id`, or any `conversationId`.")
NO_MEMBER = "This person is not in the group."
ADMINS_ONLY = "Only admins of the group may do this."
OWNER_ONLY = "Only the owner of the group may do this."
OF_NAMES = [
    "Enter a name for the group.",
    "The name may have at most 100 characters.",
    "The description may have at most 500 characters.",
    "The description has characters that cannot be stored.",
    FILTERED,
]
OF_PEOPLE = [
    "Somebody is in the list twice.",
    "You are in the group anyway.",
    "Somebody in the list does not exist or cannot be added.",
    "A group may have at most 1,000 members.",
]

make_report = call(
    "makeReport",
    "Report a message, a person or a group to the moderators",
    tag=TAG,
    changes=True,
    bodies={JSON: ReportBody},
    responses={
        201: ("They see what I see of it now, whatever becomes of it.", ReportPayload),
        200: ("I have reported it before, and nobody has decided yet.", ReportPayload),
    },
    refused={
        400: [OF_TEXTS[1], "The text is too long: at most 1,000 characters."],
        403: [NO_LONGER_MEMBER],
        404: ["Not found.", "Message not found.", NO_GROUP],
    },
)

create_group = call(
    "createGroup",
    "Make a group of me and others",
    tag=GROUPS,
    changes=True,
    bodies={JSON: GroupBody, FORM: GroupForm},
    responses={
        201: ("The new group, whose owner I am.", GroupPayload),
        200: ("The first group with this `clientGroupId`, as it is now.", GroupPayload),
    },
    refused=joined(
        {
            400: [
                *OF_NAMES,
                *OF_PEOPLE,
                "The client group id must be 1 to 64 of the characters A-Z, a-z, 0-9, _ and -.",
            ],
            403: [NO_LONGER_MEMBER, SILENCED],
            503: [BUSY],
        },
        OF_PICTURES,
    ),
)

group = call(
    "getGroup",
    "A group that I am in",
    tag=GROUPS,
    parameters=[GROUP],
    responses={200: ("As it is now.", GroupPayload)},
    refused={403: [NO_LONGER_MEMBER], 404: [NO_GROUP]},
)

change_group = call(
    "changeGroup",
    "Change the name, the description, the picture or the rules of a group",
    tag=GROUPS,
    changes=True,
    parameters=[GROUP],
    bodies={JSON: GroupChangeBody, FORM: GroupChangeForm},
    responses={200: ("As it is now.", GroupPayload)},
    refused=joined(
        {
            400: OF_NAMES,
            403: [ADMINS_ONLY, NO_LONGER_MEMBER, SILENCED],
            404: [NO_GROUP],
            503: [BUSY],
        },
        OF_PICTURES,
    ),
)

add_members = call(
    "addMembers",
    "Add people to a group",
    tag=GROUPS,
    changes=True,
    parameters=[GROUP],
    bodies={JSON: PeopleBody},
    responses={200: ("As it is now. Who was in it already stays as they are.", GroupPayload)},
    refused={
        400: OF_PEOPLE,
        403: [ADMINS_ONLY, NO_LONGER_MEMBER, SILENCED],
        404: [NO_GROUP],
        503: [BUSY],
    },
)

remove_member = call(
    "removeMember",
    "Remove somebody from a group, or leave it",
    tag=GROUPS,
    changes=True,
    parameters=[GROUP, PERSON],
    responses={200: ("The same answer again for who has left before.", RemovedPayload)},
    refused={
        403: [ADMINS_ONLY, OWNER_ONLY, NO_LONGER_MEMBER, SILENCED],
        404: [NO_GROUP, NO_MEMBER],
        503: [BUSY],
    },
)

set_role = call(
    "setRole",
    "Make a member an admin or the owner, or an admin a member",
    tag=GROUPS,
    changes=True,
    parameters=[GROUP, PERSON],
    bodies={JSON: RoleBody},
    responses={
        200: ("As it is now. Who has made somebody else the owner is an admin.", GroupPayload)
    },
    refused={
        403: [OWNER_ONLY, NO_LONGER_MEMBER, SILENCED],
        404: [NO_GROUP, NO_MEMBER],
        409: [
            "Make somebody else the owner first.",
            "This person cannot be the owner at the moment.",
        ],
        503: [BUSY],
    },
)

NEXT = header("Link", '`<…>; rel="next"`, where there are more.', [200], always=False)

members = call(
    "listMembers",
    "Who is in a conversation, by name",
    tag=GROUPS,
    parameters=[CONVERSATION, MembersQuery, NEXT],
    responses={200: ("A page of them.", list[MemberPayload])},
    refused={400: ["This cursor is not valid."], 403: [NO_LONGER_MEMBER], 404: [NO_GROUP]},
)

receipts = call(
    "listReceipts",
    "What became of a message with each of those it was sent to, by name",
    tag=GROUPS,
    parameters=[CONVERSATION, ReceiptsQuery, NEXT],
    responses={200: ("A page of them.", list[ReceiptPayload])},
    refused={
        400: ["This field is required.", "This cursor is not valid."],
        403: [NO_LONGER_MEMBER],
        404: [NO_GROUP, "Message not found."],
    },
)

reactions = call(
    "listReactions",
    "Who reacted to a message, the first one first",
    tag=TAG,
    parameters=[CONVERSATION, ReactionsQuery, NEXT],
    responses={200: ("A page of them.", list[ReactorPayload])},
    refused={
        400: ["This field is required.", "This cursor is not valid.", "A reaction is one emoji."],
        403: [NO_LONGER_MEMBER],
        404: [NO_GROUP, "Message not found."],
    },
)

pins = call(
    "listPins",
    "The pinned messages of a conversation",
    tag=TAG,
    parameters=[CONVERSATION],
    responses={
        200: ("Those that I may see, at most 50; what was pinned last first.", list[MessageRecord])
    },
    refused={404: [NO_GROUP]},
)

shared = call(
    "listShared",
    "The messages of a conversation with a picture, a voice, another file, or a web address",
    tag=TAG,
    parameters=[CONVERSATION, SharedQuery, NEXT],
    responses={200: ("Those that I may see, the newest first.", list[MessageRecord])},
    refused={400: ["This field is required."], 404: [NO_GROUP]},
)

search = call(
    "search",
    "Messages, files by their names, people and groups",
    tag=TAG,
    parameters=[SearchQuery, NEXT],
    responses={
        200: (
            "What I may see of it. A page may have few messages, or none, and yet a next one.",
            SearchPayload,
        )
    },
    refused={
        400: ["This cursor is not valid."],
        404: ["No such person.", NO_GROUP],
    },
)

groups_in_common = call(
    "listGroupsInCommon",
    "The groups that I am in with somebody, by name",
    tag=GROUPS,
    parameters=[key_in_path("person", "The other person's `_id`."), PageQuery, NEXT],
    responses={200: ("A page of them.", list[GroupPayload])},
    refused={400: ["This cursor is not valid."], 404: ["No such person."]},
)
