"""A message as it is shown: the one definition of its shape on the wire, in its order.

The columns that are read for it, both documents, history, `sync`, the chat list, responses and live
events derive from it. A new column of `Message` that is shown needs a field here, and its place in
`record_of_row`.
"""

from collections.abc import Sequence
from operator import attrgetter
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from chatsite.db import now
from chatsite.pictures.images import THUMBNAIL_WIDTH
from chatsite.pictures.storage import shown
from chatsite.wire import Key, PictureUrl, Timestamp, absolute, timestamp
from messaging.models import Message
from messaging.models.conversation import CLIENT_ID_LENGTH
from messaging.shapes.attachments import AttachmentRecord, decoded_attachments
from messaging.shapes.link_previews import PreviewRecord, preview_of
from messaging.shapes.mentions import decoded_mentions
from messaging.shapes.reactions import Emoji, StoredKey, StoredReactions
from messaging.shapes.system_messages import SystemDetails, decoded, text_of
from messaging.shapes.view_once import ViewOnce, decoded_once, words_of_once

Seq = Annotated[
    int, Meta(ge=1, description="1, 2, 3 … in the conversation, without gaps.", examples=[1])
]
ClientMessageId = Annotated[
    str,
    Meta(
        pattern=f"^[A-Za-z0-9_-]{{1,{CLIENT_ID_LENGTH}}}$",
        description="Chosen by the sender, once for each message: makes a retry safe.",
        examples=["5f1c2f0e-7a42-4f7c-9a59-0d5c2c6f8a11"],
    ),
]
SentId = Annotated[
    str,
    Meta(
        pattern=f"^(scheduled:)?[A-Za-z0-9_-]{{1,{CLIENT_ID_LENGTH}}}$",
        description="As the sender chose it; of a scheduled message, `scheduled:` and its `_id`.",
        examples=["5f1c2f0e-7a42-4f7c-9a59-0d5c2c6f8a11"],
    ),
]
Pixels = Annotated[int, Meta(ge=1)]
PeerKey = Annotated[Key, Meta(description="Of a person, or of a group.")]


class MessageRecord(msgspec.Struct, rename="camel", gc=False, omit_defaults=True):
    """Of a deleted one: its tombstone, without text, picture and what it answers. Fields with a
    default are left out where a message has nothing of the kind, as most have.
    """

    id: Key = msgspec.field(name="_id")
    sender_id: Key
    receiver_id: PeerKey
    text: Annotated[str, Meta(examples=["Hello"])] | None
    image: PictureUrl | None
    deleted: bool
    created_at: Timestamp
    updated_at: Timestamp
    seq: Seq
    client_message_id: SentId | None
    image_width: Pixels | None
    image_height: Pixels | None
    thumbnail: PictureUrl | None
    conversation_id: Key
    reply_to: Annotated[Key, Meta(description="The message that this one answers.")] | None = None
    edited_at: Annotated[Timestamp, Meta(description="When its text was last changed.")] | None = (
        None
    )
    mentions: (
        Annotated[
            list[StoredKey],
            Meta(description="People of the group whom the text names or the reply answers."),
        ]
        | None
    ) = None
    forwarded: Annotated[
        bool, Meta(description="Copied from another; by whom it was is not told.")
    ] = False
    system: (
        Annotated[
            SystemDetails,
            Meta(description="What a message of the system tells, which `text` says in words."),
        ]
        | None
    ) = None
    reactions: StoredReactions | None = None
    pinned_at: Annotated[Timestamp, Meta(description="Since when, if it is.")] | None = None
    attachments: (
        Annotated[list[AttachmentRecord], Meta(description="Files, in their sender's order.")]
        | None
    ) = None
    expires_at: (
        Annotated[
            Timestamp,
            Meta(
                description="When it disappears. It is then deleted, and keeps this; one that was"
                " deleted before leaves it out until then."
            ),
        ]
        | None
    ) = None
    view_once: (
        Annotated[
            ViewOnce,
            Meta(description="Of files that each receiver opens once; `text` says so in words."),
        ]
        | None
    ) = None
    preview: (
        Annotated[
            PreviewRecord,
            Meta(description="Of the page of its first link, some seconds after it was sent."),
        ]
        | None
    ) = None
    reacted: (
        Annotated[
            list[Emoji],
            Meta(
                description="My own reactions, in answers to me; where `reactions` names all of the"
                " people, it is left out. Live events never have it."
            ),
        ]
        | None
    ) = None
    listened: Annotated[
        bool,
        Meta(
            description="In answers to me, of a voice message: I have listened to it; of my own,"
            " somebody has of whom I see what they read. Live events never have it."
        ),
    ] = False
    opened: Annotated[
        bool,
        Meta(
            description="The same of a message with `viewOnce`: I have opened it, or somebody has"
            " what I sent."
        ),
    ] = False


# What every message has. All else is null or "" in most, and then not read: `rare`, statements.py.
_PLAIN_COLUMNS = (
    *("id", "sender_id", "text", "deleted", "created_at", "updated_at", "seq"),
    *("client_message_id", "conversation_id", "forwarded"),
)
# Who receives a message, and what they did with it, is not stored there: whoever reads it says so.
COLUMNS = _PLAIN_COLUMNS + tuple(
    "details" if name == "system" else name
    for name in MessageRecord.__struct_fields__
    if name not in (*_PLAIN_COLUMNS, "receiver_id", "reacted", "listened", "opened")
)
PLAIN = len(_PLAIN_COLUMNS)
RARE = len(COLUMNS) - PLAIN
SENDER, SEQ = COLUMNS.index("sender_id"), COLUMNS.index("seq")
CONVERSATION = COLUMNS.index("conversation_id")
_stored = attrgetter(*COLUMNS)


def columns(path: str = "") -> list[str]:
    """The COLUMNS, of a message that `path` leads to."""
    return [path + name for name in COLUMNS]


def record_of(message: Message, receiver_id: str | None = None) -> MessageRecord:
    """Reads `message.conversation` unless the receiver is given."""
    return record_of_row(_stored(message), receiver_id or message.receiver_id)


def record_of_row(row: Sequence[Any], receiver_id: str) -> MessageRecord:
    """Of the values of COLUMNS, in their order: of the PLAIN first, where all others are blank."""
    # Runs for each message of each page: one step through the row, and one call.
    if len(row) == PLAIN:
        (
            key,
            sender_id,
            text,
            deleted,
            created_at,
            updated_at,
            seq,
            client_message_id,
            conversation_id,
            forwarded,
        ) = row
        created = timestamp(created_at)
        return MessageRecord(
            key,
            sender_id,
            receiver_id,
            None if deleted else text or None,
            None,
            bool(deleted),
            created,
            created if updated_at == created_at else timestamp(updated_at),
            seq,
            client_message_id or None,
            None,
            None,
            None,
            conversation_id,
            forwarded=bool(forwarded and not deleted),
        )
    (
        key,
        sender_id,
        text,
        deleted,
        created_at,
        updated_at,
        seq,
        client_message_id,
        conversation_id,
        forwarded,
        image,
        image_width,
        image_height,
        thumbnail,
        reply_to,
        edited_at,
        mentions,
        details,
        reactions,
        pinned_at,
        attachments,
        expires_at,
        view_once,
        preview,
    ) = row
    created = timestamp(created_at)
    system = decoded(details) if details else None
    once = decoded_once(view_once) if view_once else None
    if expires_at:
        expires_at = timestamp(expires_at)
        is_over = expires_at <= timestamp(now())
        if deleted and not is_over:
            expires_at = None
        deleted = deleted or is_over
    if deleted:
        text = image = image_width = image_height = thumbnail = reply_to = reactions = None
        edited_at = pinned_at = attachments = preview = None
        mentions, forwarded, once = None, False, None
    elif system:
        text = text_of(system)
    elif once:
        text, preview = words_of_once(once), None
    elif image:
        image, thumbnail = _addresses(key, image, thumbnail)
    return MessageRecord(
        key,
        sender_id,
        receiver_id,
        text or None,
        image or None,
        bool(deleted),
        created,
        created if updated_at == created_at else timestamp(updated_at),
        seq,
        client_message_id or None,
        image_width,
        image_height,
        thumbnail or None,
        conversation_id,
        reply_to or None,
        timestamp(edited_at) if edited_at else None,
        decoded_mentions(mentions) if mentions else None,
        bool(forwarded),
        system,
        msgspec.Raw(reactions) if reactions else None,
        timestamp(pinned_at) if pinned_at else None,
        decoded_attachments(attachments) if attachments else None,
        expires_at or None,
        once,
        preview_of(key, preview) if preview else None,
    )


def _addresses(key: str, image: str, thumbnail: str) -> tuple[str, str]:
    """Of the picture and of its smaller version, by their names."""
    folder = absolute(f"/media/messages/{key}")
    address = f"{folder}/{shown(image)}"
    if thumbnail:
        return address, f"{folder}/{shown(thumbnail)}"
    return address, f"{address}?w={THUMBNAIL_WIDTH}"
