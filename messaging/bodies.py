"""What clients send, as the documents describe it: bodies of calls, and the data of live commands.

The serializers and the services are what checks it. Messages of text alone are read here in one
step; whatever is not just that, the serializers read, and say what is wrong with it.
"""

from typing import Annotated, Literal, NotRequired, TypedDict

import msgspec
from msgspec import Meta

from accounts.bodies import Name
from accounts.privacy import Who
from chatsite import strict_json
from chatsite.errors import DomainError
from chatsite.wire import IMAGE_URI, DataUri, Key, PictureFile
from messaging.models.attachment import CAPTION_LENGTH
from messaging.models.conversation import CLIENT_ID_LENGTH, DESCRIPTION_LENGTH
from messaging.models.report import REPORT_TEXT_LENGTH
from messaging.services.chat_settings import Mute
from messaging.services.deletions import MAX_MESSAGES, Whom
from messaging.services.drafts import TEXT_LENGTH, Draft, new_draft
from messaging.services.edits import Edit, new_edit
from messaging.services.forwarding import CHATS, COPIES
from messaging.services.groups import MEMBERS
from messaging.shapes.attachments import ATTACHMENTS
from messaging.shapes.mentions import Mentions
from messaging.shapes.payload_types import (
    DisappearAfter,
    Mark,
    PostingName,
    ReportedKind,
    ReportReason,
    RoleName,
    ShowsHistory,
    SlowSeconds,
)
from messaging.shapes.reactions import Emoji
from messaging.shapes.record import ClientMessageId, PeerKey

Text = Annotated[
    str,
    Meta(
        max_length=TEXT_LENGTH,
        description="Stored as written. White space alone counts as absent, like null.",
        examples=["Hello"],
    ),
]
EditedText = Annotated[
    str,
    Meta(
        max_length=TEXT_LENGTH,
        description="In place of the text before. Under a picture it may be white space alone,"
        " null or absent: then the picture has no words.",
        examples=["Hello"],
    ),
]
CLIENT_ID = f"^[A-Za-z0-9_-]{{0,{CLIENT_ID_LENGTH}}}$"
OptionalId = Annotated[
    str,
    Meta(
        pattern=CLIENT_ID,
        description="Chosen by you, once for each message: makes a retry safe.",
        examples=["5f1c2f0e-7a42-4f7c-9a59-0d5c2c6f8a11"],
    ),
]


ReplyTo = Annotated[
    str,
    Meta(
        pattern="^([0-9a-f]{24})?$",
        description="The `_id` of the message of the same conversation that this one answers.",
    ),
]


WhomName = Annotated[Whom, Meta(description="For whom: for everybody, unless it says otherwise.")]
NewMentions = Annotated[
    Mentions,
    Meta(description="In a group. Who is not in it is left out."),
]


NewAttachments = Annotated[
    list[Key],
    Meta(
        max_length=ATTACHMENTS,
        description="Uploads of mine, not sent before, in the order in which they are shown.",
        extra_json_schema={"uniqueItems": True},
    ),
]


NewCaptions = Annotated[
    dict[Key, Annotated[str, Meta(max_length=CAPTION_LENGTH)]],
    Meta(description="Of attachments of the message, by their `id`. An empty one is none."),
]


NewViewOnce = Annotated[
    bool,
    Meta(
        description="Each receiver opens the attachments once: pictures, or one voice message,"
        " without text or captions. I cannot see them again."
    ),
]


class TextSend(msgspec.Struct, forbid_unknown_fields=True):
    """A message of text and of files that are there already."""

    text: str | None = None
    image: Literal[""] | None = None
    clientMessageId: str | None = None
    replyTo: str | None = None
    mentions: list[str] | None = None
    attachments: list[str] | None = None
    captions: dict[str, str] | None = None
    viewOnce: bool | None = None
    receiverId: str | None = None  # of a frame; who calls the API names it in the path

    def draft(self, sender_id: str, receiver_id: str, origin: str = "") -> Draft | None:
        """None for what has to be refused, which those do who are asked with all that was sent."""
        try:
            return new_draft(
                sender_id=sender_id,
                receiver_id=receiver_id,
                text=self.text or "",
                client_message_id=self.clientMessageId or "",
                origin=origin,
                reply_to=self.replyTo or "",
                mentions=self.mentions,
                attachments=self.attachments,
                captions=self.captions,
                view_once=self.viewOnce,
            )
        except DomainError:
            return None


class TextEdit(msgspec.Struct, forbid_unknown_fields=True):
    """Other words in a message."""

    text: str | None = None
    mentions: list[str] | None = None
    captions: dict[str, str] | None = None

    def change(self, editor: str, message_id: str) -> Edit | None:
        """None for what has to be refused."""
        try:
            return new_edit(
                editor,
                message_id,
                text=self.text or "",
                mentions=self.mentions,
                captions=self.captions,
            )
        except DomainError:
            return None


class _SendFrame(msgspec.Struct, forbid_unknown_fields=True):
    event: Literal["sendMessage"]
    data: TextSend


class MarkSent(msgspec.Struct, forbid_unknown_fields=True):
    """A read mark."""

    seq: Annotated[int, Meta(ge=0)]


SENDS = '"sendMessage"'
BEGINNING = 64  # characters of a frame, where clients write its name
MAX_BODY = 12 * TEXT_LENGTH + 1000  # characters of one whose text is all escaped
_read_frame = strict_json.reader(_SendFrame)
text_of_body = strict_json.reader(TextSend)
edit_of_body = strict_json.reader(TextEdit)
mark_of_body = strict_json.reader(MarkSent)


def text_of_frame(text: str) -> TextSend | None:
    if SENDS not in text[:BEGINNING] or len(text) > MAX_BODY:
        return None
    frame = _read_frame(text)
    return frame.data if frame else None


class MessageBody(TypedDict):
    """What a message says, whenever and by whichever way it is sent."""

    text: NotRequired[Text | None]
    replyTo: NotRequired[ReplyTo | None]
    mentions: NotRequired[NewMentions | None]
    attachments: NotRequired[NewAttachments | None]
    captions: NotRequired[NewCaptions | None]
    viewOnce: NotRequired[NewViewOnce | None]


class SendBody(MessageBody):
    """A text, a picture, attachments, or several of them."""

    image: NotRequired[DataUri | None]
    clientMessageId: NotRequired[OptionalId | None]


class SendForm(TypedDict):
    """A text, a picture, attachments, or several of them."""

    text: NotRequired[Text]
    image: NotRequired[PictureFile]
    clientMessageId: NotRequired[OptionalId]
    replyTo: NotRequired[ReplyTo]
    mentions: NotRequired[NewMentions]
    attachments: NotRequired[NewAttachments]
    viewOnce: NotRequired[NewViewOnce]


class EditBody(TypedDict):
    text: NotRequired[EditedText | None]
    mentions: NotRequired[
        Annotated[
            NewMentions, Meta(description="In place of those before, which stay where absent.")
        ]
        | None
    ]
    captions: NotRequired[
        Annotated[NewCaptions, Meta(description="Those that are not named stay.")] | None
    ]


class ForwardBody(TypedDict):
    """Which messages go to which chats. The copies are sent in the order of `messageIds`."""

    messageIds: Annotated[
        list[Key], Meta(min_length=1, max_length=COPIES, extra_json_schema={"uniqueItems": True})
    ]
    to: Annotated[
        list[PeerKey], Meta(min_length=1, max_length=CHATS, extra_json_schema={"uniqueItems": True})
    ]
    text: NotRequired[Annotated[Text, Meta(description="Is sent before them.")] | None]
    clientMessageId: Annotated[
        ClientMessageId, Meta(description="Chosen by you, once for all: makes a retry safe.")
    ]


class ReadBody(TypedDict):
    seq: Mark


class ReadAllBody(TypedDict):
    """All of the conversation, unless it says up to where."""

    seq: NotRequired[Mark]


class ChatBody(TypedDict):
    """How I keep the chat in my list. What is absent, or null, stays as it is."""

    pinned: NotRequired[Annotated[bool, Meta(description="Not together with `archived`.")] | None]
    archived: NotRequired[bool | None]
    mute: NotRequired[Annotated[Mute, Meta(description="For how long from now.")] | None]
    markedUnread: NotRequired[bool | None]


class DraftBody(TypedDict):
    """What I have begun to write; nothing, once it was sent."""

    text: NotRequired[Text | None]
    replyTo: NotRequired[ReplyTo | None]
    mentions: NotRequired[NewMentions | None]


Moment = Annotated[
    str,
    Meta(
        description="A moment, such as `2030-01-31T09:00:00+01:00`, within a year from now. Without"
        " an offset it is one of the zone that the cookie `tz` names, as our pages do, or of UTC.",
        examples=["2030-01-31T09:00:00+01:00"],
        extra_json_schema={"format": "date-time"},
    ),
]
WhenOnline = Annotated[
    bool,
    Meta(
        description="In place of a time: as soon as the other person comes online, if I see that."
    ),
]


class ScheduleBody(MessageBody):
    """A text, attachments, or both, and either `sendAt` or `whenOnline`."""

    sendAt: NotRequired[Moment | None]
    whenOnline: NotRequired[WhenOnline | None]
    clientMessageId: NotRequired[OptionalId | None]


class RescheduleBody(TypedDict):
    """What is to change. What is absent, or null, stays as it is; so do its attachments."""

    text: NotRequired[Text | None]
    mentions: NotRequired[NewMentions | None]
    sendAt: NotRequired[Moment | None]
    whenOnline: NotRequired[WhenOnline | None]


class ReminderBody(TypedDict):
    remindAt: Moment


class DisappearingBody(TypedDict):
    seconds: Annotated[DisappearAfter, Meta(description="60 at the least, or 0: never.")]


class PrivacyBody(TypedDict):
    """Who sees it of me. What is absent, or null, stays as it is."""

    readReceipts: NotRequired[Who | None]
    typing: NotRequired[Who | None]
    online: NotRequired[Who | None]
    lastSeen: NotRequired[Who | None]


People = Annotated[
    list[Key],
    Meta(
        max_length=MEMBERS - 1,
        description="Others than me, each once.",
        extra_json_schema={"uniqueItems": True},
    ),
]
Description = Annotated[str, Meta(max_length=DESCRIPTION_LENGTH)]
ClientGroupId = Annotated[
    str,
    Meta(
        pattern=CLIENT_ID,
        description="Chosen by you, once for each group: makes a retry safe.",
        examples=["0d5c2c6f-8a11-4f7c-9a59-5f1c2f0e7a42"],
    ),
]
NewPicture = Annotated[
    str,
    Meta(
        pattern=IMAGE_URI,
        description="JPEG, PNG, WebP, GIF, AVIF or HEIC. Nothing between the quotes removes the"
        " picture.",
        examples=[""],
    ),
]


class GroupForm(TypedDict):
    """A new group, with its picture as a file."""

    name: Name
    people: NotRequired[People]
    description: NotRequired[Description]
    picture: NotRequired[PictureFile]
    posting: NotRequired[PostingName]
    showsHistory: NotRequired[ShowsHistory]
    slowSeconds: NotRequired[SlowSeconds]
    clientGroupId: NotRequired[ClientGroupId]


class GroupBody(TypedDict):
    """A new group."""

    name: Name
    people: NotRequired[People]
    description: NotRequired[Description | None]
    picture: NotRequired[DataUri | None]
    posting: NotRequired[PostingName | None]
    showsHistory: NotRequired[ShowsHistory | None]
    slowSeconds: NotRequired[SlowSeconds | None]
    clientGroupId: NotRequired[ClientGroupId | None]


class GroupChangeForm(TypedDict):
    """What is to change, with the picture as a file."""

    name: NotRequired[Name]
    description: NotRequired[Description]
    picture: NotRequired[PictureFile]
    posting: NotRequired[PostingName]
    showsHistory: NotRequired[ShowsHistory]
    slowSeconds: NotRequired[SlowSeconds]


class GroupChangeBody(TypedDict):
    """What is to change."""

    name: NotRequired[Name | None]
    description: NotRequired[Description | None]
    picture: NotRequired[NewPicture | None]
    posting: NotRequired[PostingName | None]
    showsHistory: NotRequired[ShowsHistory | None]
    slowSeconds: NotRequired[SlowSeconds | None]


class PosterBody(TypedDict):
    """A frame of the video."""

    picture: DataUri


class PosterForm(TypedDict):
    """A frame of the video, as a file."""

    picture: PictureFile


class OpenBody(TypedDict):
    openingId: Annotated[
        ClientMessageId,
        Meta(description="Chosen by you, once for each message: makes a retry safe. A secret."),
    ]


class PeopleBody(TypedDict):
    people: People


class RoleBody(TypedDict):
    role: RoleName


class ReportBody(TypedDict):
    kind: ReportedKind
    about: Annotated[Key, Meta(description="The key of the message, person or group.")]
    reason: ReportReason
    text: NotRequired[
        Annotated[str, Meta(max_length=REPORT_TEXT_LENGTH, description="In my words.")] | None
    ]


class SendCommand(MessageBody):
    receiverId: PeerKey
    image: NotRequired[DataUri | None]
    clientMessageId: ClientMessageId


class TypingCommand(TypedDict):
    receiverId: PeerKey


class EditCommand(EditBody):
    messageId: Key


class DeleteCommand(TypedDict):
    messageId: Key
    whom: NotRequired[WhomName]


class DeletionBody(TypedDict):
    """Messages of one conversation."""

    messageIds: Annotated[list[Key], Meta(min_length=1, max_length=MAX_MESSAGES)]
    whom: NotRequired[WhomName]


class UndoBody(TypedDict):
    undo: Annotated[
        str, Meta(pattern="^[A-Za-z0-9_.:-]+$", description="From the answer to the deletion.")
    ]


class PinCommand(TypedDict):
    messageId: Key


class ReactCommand(TypedDict):
    messageId: Key
    emoji: Emoji
    remove: NotRequired[Annotated[bool, Meta(description="Takes my reaction back.")]]


class ReadCommand(TypedDict):
    peerId: PeerKey
    seq: Mark


class PingCommand(TypedDict):
    """Nothing."""


class ImportBody(TypedDict):
    upload: Annotated[Key, Meta(description="The `id` of an upload of mine, which is gone then.")]
    ownName: NotRequired[
        Annotated[
            str, Meta(description="What I am called in an export of WhatsApp, which does not tell.")
        ]
    ]
    zone: NotRequired[
        Annotated[
            str,
            Meta(
                description="Of times that name none, by its IANA name; else UTC.",
                examples=["Europe/Berlin"],
            ),
        ]
    ]
