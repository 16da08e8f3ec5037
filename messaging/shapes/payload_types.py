"""The wire shapes of messaging, as types: of responses, of live events, and so of both documents.

Descriptions are for those who call.
"""

from typing import Annotated, NotRequired, TypedDict

from msgspec import Meta, Struct, field

from accounts.record import PersonRecord
from chatsite.wire import Count, ErrorPayload, Key, PictureUrl, Timestamp
from messaging.models import LIVE_MARKS, REASONS, Posting, ReportKind, Role
from messaging.models.conversation import (
    DESCRIPTION_LENGTH,
    MAX_LIFETIME,
    MAX_SLOW_SECONDS,
    TITLE_LENGTH,
)
from messaging.shapes.attachments import AttachmentRecord
from messaging.shapes.chat_settings import (
    Archived,
    Blocked,
    ChatSettings,
    MarkedUnread,
    MutedUntil,
    PinnedAt,
    Request,
    SavedDraft,
)
from messaging.shapes.history_import import ImportReport
from messaging.shapes.reactions import Emoji, Reactions
from messaging.shapes.record import ClientMessageId, MessageRecord, PeerKey, Seq
from messaging.shapes.search_text import FoundGroup, FoundMessage

DisappearAfter = Annotated[
    int,
    Meta(
        ge=0,
        le=MAX_LIFETIME,
        description="Seconds after which what is sent from now on disappears for everybody; 0:"
        " never.",
    ),
]
RoleName = Annotated[str, Meta(extra_json_schema={"enum": Role.values})]
Mark = Annotated[
    int, Meta(ge=0, description="The `seq` up to which somebody has read.", examples=[1])
]


class ChatPayload(PersonRecord, omit_defaults=True):
    """Somebody I have messages with, or a group: then `fullName` is its name, `email` is empty. How
    I keep it in my list comes last: what I have not set is left out.
    """

    last_message: MessageRecord | None
    unread_count: Count
    online: Annotated[bool, Meta(description="Never of a group.")]
    is_group: bool
    conversation_id: Annotated[Key, Meta(description="A group's is its `_id`.")]
    member_count: Annotated[Count, Meta(description="2 in a direct chat, 0 in a group I left.")]
    role: Annotated[RoleName, Meta(description="Mine, in a group that I am in.")] | None
    can_post: bool
    pinned_at: PinnedAt | None = None
    archived: Archived = False
    muted_until: MutedUntil | None = None
    marked_unread: MarkedUnread = False
    draft: SavedDraft | None = None
    blocked: Blocked = False
    request: Request = False
    last_seen_at: (
        Annotated[
            Timestamp,
            Meta(description="When a person was last online, as far as it is known and told."),
        ]
        | None
    ) = None
    reads_hidden: Annotated[
        bool, Meta(description="One of us does not show the other what they have read.")
    ] = False
    unread_mentions: Annotated[
        Count, Meta(description="In a group: how many of the unread messages mention me.")
    ] = 0
    is_saved: Annotated[
        bool,
        Meta(
            description="My saved messages: like a group in which I am alone, which cannot be"
            " changed."
        ),
    ] = False
    disappear_after: DisappearAfter = 0


class ChangedChatPayload(ChatPayload, kw_only=True):
    """A chat with the marks of both sides."""

    last_seq: Count
    last_read_seq: Mark
    last_delivered_seq: Annotated[Mark, Meta(description="What a device of mine has.")]
    peer_read_seq: Annotated[
        Mark,
        Meta(
            description="In a group: the furthest that any other member has read; 0 where there are"
            f" more than {LIVE_MARKS}, or where I have left."
        ),
    ]
    peer_delivered_seq: Annotated[
        Mark, Meta(description="What a device of theirs has; in a group as `peerReadSeq`.")
    ]
    hidden: Annotated[
        list[Annotated[list[Seq], Meta(min_length=2, max_length=2)]],
        Meta(
            description="From which `seq` to which I see nothing: I was not in the group then, or"
            " have deleted it for me. Left out where I see all."
        ),
    ] = []


class DisappearingPayload(TypedDict):
    """What is sent from now on, by anybody in the chat."""

    seconds: DisappearAfter


class ChatSettingsPayload(ChatSettings, kw_only=True, frozen=True):
    """How I keep a chat in my list. What I have not set is left out."""

    peer_id: PeerKey


class BlockPayload(Struct, rename="camel"):
    """Somebody I have blocked."""

    person_id: Key
    full_name: str
    profile_pic: PictureUrl
    since: Timestamp


class SyncPayload(TypedDict):
    messages: list[MessageRecord]
    chats: list[ChangedChatPayload]
    cursor: Annotated[str, Meta(description="Opaque: the next `since`.")]
    more: Annotated[bool, Meta(description="Ask again, with this cursor.")]


class SearchPayload(TypedDict):
    messages: list[FoundMessage]
    people: Annotated[
        list[PersonRecord],
        Meta(
            description="At most 5 with the words in their names, on a first page without filters."
        ),
    ]
    groups: Annotated[list[FoundGroup], Meta(description="The same of groups that I am or was in.")]
    files: Annotated[
        list[FoundMessage],
        Meta(description="The newest messages with a file, not a picture, whose name has them."),
    ]
    isBuilding: Annotated[
        bool,
        Meta(
            description="After an update: older messages are still being indexed, some are missing."
        ),
    ]


# With its type: generators of clients make nothing of a constant alone.
True_ = Annotated[bool, Meta(extra_json_schema={"const": True})]


class MarkPayload(TypedDict):
    seq: Mark


ReportedKind = Annotated[str, Meta(extra_json_schema={"enum": ReportKind.values})]
ReportReason = Annotated[str, Meta(extra_json_schema={"enum": [each.value for each in REASONS]})]


class ReportPayload(TypedDict):
    """What moderators got of me. What it leads to stays with them."""

    _id: Key
    kind: ReportedKind
    about: Key
    reason: ReportReason
    createdAt: Timestamp


class RemovedPayload(TypedDict):
    """The response to a deletion of a message."""

    success: True_
    message: str


class NotForwardedPayload(ErrorPayload):
    """A chat to which nothing was sent, or not all, and why."""

    peerId: PeerKey
    status: Annotated[int, Meta(ge=400, le=599, description="As of `sendMessage`.")]


class ForwardedPayload(TypedDict):
    sent: Annotated[list[MessageRecord], Meta(description="The copies, chat by chat.")]
    refused: list[NotForwardedPayload]


class UndoPayload(TypedDict):
    """The response to a deletion of several messages."""

    undo: Annotated[str, Meta(description="Takes it back, for a few seconds.")]
    seconds: Annotated[int, Meta(ge=1, description="For so long that may be offered.")]


class DeletedPayload(TypedDict):
    messageId: Key
    deleted: True_
    conversationId: Key
    senderId: Key
    receiverId: PeerKey
    seq: Seq
    expiresAt: NotRequired[
        Annotated[Timestamp, Meta(description="It disappeared by itself, at that time.")]
    ]


class ReactionChangedPayload(TypedDict):
    """Somebody reacted to a message, or took their reaction back: who knew their own knows them."""

    messageId: Key
    conversationId: Key
    seq: Seq
    personId: Key
    emoji: Emoji
    added: bool
    reactions: Annotated[Reactions, Meta(description="All of them, as the message has them now.")]
    updatedAt: Timestamp


class ListenedPayload(TypedDict):
    """Somebody has listened to a voice message."""

    messageId: Key
    conversationId: Key
    seq: Seq
    personId: Key


class OpenedPayload(ListenedPayload):
    """Somebody has opened what is seen once."""


class OpeningPayload(TypedDict):
    """What I have opened, for a little while."""

    attachments: list[AttachmentRecord]
    until: Annotated[Timestamp, Meta(description="The files are served up to then, to me alone.")]


class PinPayload(TypedDict):
    """Somebody pinned a message in its conversation, or took its pin away."""

    messageId: Key
    conversationId: Key
    senderId: Key
    receiverId: PeerKey
    seq: Seq
    personId: Annotated[Key, Meta(description="Who did it.")]
    pinnedAt: Timestamp | None
    updatedAt: Timestamp


class ReactorPayload(TypedDict):
    """Who reacted with an emoji."""

    emoji: Emoji
    personId: Key
    fullName: Annotated[str, Meta(examples=["Ada Lovelace"])]
    profilePic: PictureUrl


class ReadPayload(TypedDict):
    conversationId: Key
    readerId: Key
    peerId: PeerKey
    seq: Mark


class DeliveredPayload(TypedDict):
    conversationId: Key
    personId: Key
    peerId: PeerKey
    seq: Mark


class TypingPayload(TypedDict):
    senderId: Key
    receiverId: PeerKey


class PresencePayload(TypedDict):
    """Who came and who went."""

    online: list[Key]
    offline: list[Key]


class SentPayload(TypedDict):
    clientMessageId: ClientMessageId
    message: MessageRecord


class MessagesForwardedPayload(ForwardedPayload):
    clientMessageId: ClientMessageId


class PongPayload(TypedDict):
    """Nothing."""


class RefusalPayload(ErrorPayload):
    """What was wrong with a frame. The socket stays open, unless it floods."""

    status: Annotated[int, Meta(ge=400, le=599, description="As of the call over HTTP.")]
    clientMessageId: NotRequired[ClientMessageId]
    retryAfter: NotRequired[Annotated[int, Meta(ge=1, description="Seconds.")]]


PostingName = Annotated[
    str, Meta(description="Who may write.", extra_json_schema={"enum": Posting.values})
]
ShowsHistory = Annotated[
    bool, Meta(description="Who is added from now on sees what was written before.")
]


SlowSeconds = Annotated[
    int,
    Meta(
        ge=0,
        le=MAX_SLOW_SECONDS,
        description="From one message of a member to their next; admins need not wait. 0: none.",
    ),
]


class GroupPayload(TypedDict):
    _id: Annotated[Key, Meta(description="Stands for a person's wherever one writes or reads.")]
    isGroup: True_
    fullName: Annotated[str, Meta(max_length=TITLE_LENGTH, description="Its name.")]
    description: Annotated[str, Meta(max_length=DESCRIPTION_LENGTH)]
    profilePic: PictureUrl
    posting: PostingName
    showsHistory: ShowsHistory
    slowSeconds: SlowSeconds
    memberCount: Count
    role: Annotated[RoleName, Meta(description="Mine.")]
    createdAt: Timestamp


class MemberPayload(PersonRecord):
    """Somebody in a conversation; in direct chats both are members."""

    role: RoleName
    joined_at: Timestamp
    online: bool


class PrivacyChangedPayload(TypedDict):
    """What I see of somebody has changed, or what I show: `sync` has it as it is now."""

    personId: Key


class AccountChangedPayload(TypedDict):
    """Of my account, as it is now."""

    fullName: Annotated[str, Meta(examples=["Ada Lovelace"])]
    profilePic: PictureUrl
    username: Annotated[str, Meta(description="Empty where I have none.", examples=["ada"])]
    language: Annotated[
        str, Meta(description="That I chose; empty: my browsers'.", examples=["de", ""])
    ]


NO_LATER = "Where the time is not known exactly: no later than this."


class ReceiptPayload(PersonRecord, omit_defaults=True):
    """What became of a message with one of those it was sent to."""

    state: Annotated[
        str,
        Meta(
            description="`delivered`: a device has it.",
            extra_json_schema={"enum": ["read", "delivered", "sent"]},
        ),
    ]
    read_at: Timestamp | None = None
    read_before: Annotated[Timestamp, Meta(description=NO_LATER)] | None = None
    delivered_at: Timestamp | None = None
    delivered_before: Annotated[Timestamp, Meta(description=NO_LATER)] | None = None
    listened_at: Annotated[Timestamp, Meta(description="To a voice message, first.")] | None = None
    opened_at: Annotated[Timestamp, Meta(description="What is seen once.")] | None = None


class ScheduledPayload(Struct, rename="camel", omit_defaults=True):
    """A message of mine that is sent later."""

    id: Key = field(name="_id")
    peer_id: PeerKey
    text: str
    send_at: Annotated[
        Timestamp | None, Meta(description="null: as soon as the other person comes online.")
    ]
    created_at: Timestamp
    reply_to: Key | None = None
    mentions: list[Key] = []
    error: Annotated[
        str,
        Meta(
            description="Why it was refused at that time: it waits for another, or to be deleted."
        ),
    ] = ""
    message_id: (
        Annotated[Key, Meta(description="It was sent late, as this message; delete it once seen.")]
        | None
    ) = None
    attachments: (
        Annotated[list[AttachmentRecord], Meta(description="Which are kept until it is sent.")]
        | None
    ) = None
    view_once: bool = False


class NotScheduledPayload(TypedDict):
    scheduledId: Key
    peerId: PeerKey
    messageId: Annotated[Key | None, Meta(description="As which it was sent.")]


class ReminderPayload(Struct, rename="camel"):
    """Of a message that I see."""

    message_id: Key
    peer_id: Annotated[PeerKey, Meta(description="In which chat of mine it is.")]
    remind_at: Timestamp
    is_due: Annotated[bool, Meta(description="I was reminded, and have not done with it.")]
    message: MessageRecord


class NoReminderPayload(TypedDict):
    messageId: Key


class GroupLeftPayload(TypedDict):
    groupId: Key
    removed: Annotated[bool, Meta(description="By somebody else; false where I left.")]


class UsagePayload(TypedDict):
    """Room for attachments, in bytes."""

    used: Annotated[
        Count,
        Meta(
            description="By me; also what is being uploaded, and what deleted messages still have."
        ),
    ]
    quota: Count
    maxBytes: Annotated[Count, Meta(description="Of one file.")]


class ExportPayload(TypedDict):
    """Of everything of my own, in one ZIP."""

    state: Annotated[str, Meta(extra_json_schema={"enum": ["working", "ready", "failed"]})]
    done: Annotated[Count, Meta(description="Messages that are in it so far.")]
    total: Annotated[Count, Meta(description="Of about so many; 0 before it has begun.")]
    size: Annotated[Count, Meta(description="Bytes, once it is ready.")]
    createdAt: Timestamp
    expiresAt: Annotated[Timestamp | None, Meta(description="Once it is ready.")]


class ImportPayload(TypedDict):
    """Of a history from elsewhere."""

    state: Annotated[str, Meta(extra_json_schema={"enum": ["working", "ready", "failed"]})]
    name: Annotated[str, Meta(description="Of the file.")]
    done: Annotated[Count, Meta(description="Messages that were looked at so far.")]
    total: Annotated[Count, Meta(description="Of about so many; 0: nobody knows.")]
    message: Annotated[str, Meta(description="Why it failed, in a sentence; else nothing.")]
    createdAt: Timestamp
    report: Annotated[ImportReport | None, Meta(description="Once it is ready.")]
