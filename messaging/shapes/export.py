"""What the JSON files of an export have (docs/export.md), and of an import may have."""

from typing import Annotated

import msgspec
from msgspec import Meta

from accounts.notifications import UNCHANGED, Notifications
from accounts.privacy import Privacy
from chatsite.wire import Key, Timestamp
from messaging.shapes.reactions import ReactionCount
from messaging.shapes.system_messages import SystemDetails

FORMAT, VERSION = "chatsite-export", 1
DOCUMENT = "export.json"

Path = Annotated[str, Meta(description="Of a file of the archive.")]


class ExportedFile(msgspec.Struct, rename="camel", omit_defaults=True):
    """A file of a message, or a picture."""

    name: str
    kind: Annotated[str, Meta(description="`picture`, `video`, `audio` or `file`.")]
    type: str
    size: Annotated[int, Meta(description="Bytes.")]
    path: Annotated[Path | None, Meta(description="Left out of one that could not be read.")] = None
    width: int | None = None
    height: int | None = None
    duration: Annotated[int | None, Meta(description="Milliseconds.")] = None
    caption: str | None = None
    waveform: Annotated[str | None, Meta(description="Of a voice message: its levels.")] = None
    id: Annotated[Key | None, Meta(description="None has the picture of an older message.")] = None


class ExportedEdit(msgspec.Struct, rename="camel", omit_defaults=True):
    """What a message of mine said until then."""

    until: Timestamp
    text: str = ""
    captions: Annotated[
        dict[str, str], Meta(description="That were changed, by the keys of their files.")
    ] = {}


class ExportedMessage(msgspec.Struct, rename="camel", omit_defaults=True):
    """Deleted ones are left out."""

    id: Key
    seq: Annotated[int, Meta(description="1, 2, 3 … in the conversation.")]
    sender_id: Key
    sent_at: Timestamp
    text: str = ""
    files: list[ExportedFile] = []
    reply_to: Annotated[Key | None, Meta(description="The message that this one answers.")] = None
    edited_at: Timestamp | None = None
    forwarded: bool = False
    mentions: list[Key] = []
    reactions: list[ReactionCount] = []
    reacted: Annotated[list[str], Meta(description="With which emoji I did.")] = []
    pinned_at: Timestamp | None = None
    expires_at: Annotated[Timestamp | None, Meta(description="When it disappears.")] = None
    listened: Annotated[bool, Meta(description="By me to a voice message, or to mine.")] = False
    edits: Annotated[list[ExportedEdit], Meta(description="Of my own, the oldest first.")] = []
    system: Annotated[
        SystemDetails | None,
        Meta(description="What a message of the system tells, which `text` says in words."),
    ] = None


class ExportedMessages(msgspec.Struct):
    """One of the pages of a chat."""

    messages: list[ExportedMessage]


class ExportedPerson(msgspec.Struct, rename="camel", omit_defaults=True):
    """Whoever is named anywhere. Of a deleted account nothing but its key is known."""

    id: Key
    full_name: str = ""
    email: Annotated[str, Meta(description="As far as I may see it.")] = ""


class ExportedMember(msgspec.Struct, rename="camel"):
    person_id: Key
    role: str
    joined_at: Timestamp


class ExportedChat(msgspec.Struct, rename="camel", omit_defaults=True):
    id: Annotated[Key, Meta(description="Of the conversation.")]
    kind: Annotated[str, Meta(description="`direct`, `group` or `saved`.")]
    peer_id: Annotated[Key, Meta(description="The person, or the group.")]
    name: str
    pages: Annotated[
        list[Path], Meta(description="Its messages, the oldest first: each an ExportedMessages.")
    ]
    description: str = ""
    role: Annotated[str | None, Meta(description="Mine in a group that I am in.")] = None
    members: list[ExportedMember] = []
    last_read_seq: int = 0
    pinned_at: Timestamp | None = None
    archived: bool = False
    muted_until: Timestamp | None = None
    marked_unread: bool = False
    disappear_after: Annotated[int, Meta(description="Seconds after which messages do.")] = 0
    draft: str = ""


class ExportedScheduled(msgspec.Struct, rename="camel", omit_defaults=True):
    """A message that is not sent yet."""

    peer_id: Annotated[Key, Meta(description="The person, or the group.")]
    created_at: Timestamp
    text: str
    send_at: Annotated[
        Timestamp | None, Meta(description="Left out: when the person comes online.")
    ] = None
    reply_to: Key | None = None
    mentions: list[Key] = []
    error: Annotated[str, Meta(description="Why it was refused at that time.")] = ""
    message_id: Annotated[Key | None, Meta(description="As which it was sent, late.")] = None
    files: list[ExportedFile] = []
    view_once: Annotated[bool, Meta(description="Each receiver is to open them once.")] = False


class ExportedReminder(msgspec.Struct, rename="camel", omit_defaults=True):
    message_id: Key
    peer_id: Annotated[Key, Meta(description="In whose chat the message is.")]
    remind_at: Timestamp
    created_at: Timestamp
    told_at: Annotated[Timestamp | None, Meta(description="When it was due.")] = None


class ExportedSession(msgspec.Struct, rename="camel", omit_defaults=True):
    name: str
    browser: str
    address: str
    created_at: Timestamp
    last_seen_at: Timestamp
    ended_at: Timestamp | None = None
    notified: Annotated[bool, Meta(description="It takes push messages.")] = False


class ExportedInvitation(msgspec.Struct, rename="camel"):
    email: str
    uses: int
    used: int
    created_at: Timestamp
    expires_at: Timestamp


class ExportedReport(msgspec.Struct, rename="camel"):
    """That I made."""

    kind: str
    about: Key
    reason: str
    words: str
    created_at: Timestamp


class ExportedBlock(msgspec.Struct, rename="camel"):
    person_id: Key
    since: Timestamp


class ExportedMe(msgspec.Struct, rename="camel", omit_defaults=True):
    id: Key
    full_name: str
    email: str
    created_at: Timestamp
    privacy: Privacy
    username: str = ""
    email_confirmed_at: Timestamp | None = None
    picture: Path | None = None
    notifications: Notifications = UNCHANGED
    language: Annotated[str, Meta(description="That I chose; else my browser's counts.")] = ""
    last_seen_at: Timestamp | None = None
    former_usernames: Annotated[list[str], Meta(description="Kept for me for a while.")] = []
    role: Annotated[str, Meta(description="On this site, where I have one.")] = ""
    warning: Annotated[str, Meta(description="Of the moderators, to me.")] = ""
    silenced_until: Timestamp | None = None
    deletion_at: Annotated[Timestamp | None, Meta(description="Of my account.")] = None


class ExportDocument(msgspec.Struct, rename="camel"):
    """`export.json`."""

    format: str
    version: int
    site: Annotated[str, Meta(description="Its address, where the operator has set one.")]
    exported_at: Timestamp
    me: ExportedMe
    people: list[ExportedPerson]
    chats: list[ExportedChat]
    blocked: list[ExportedBlock]
    sessions: list[ExportedSession]
    invitations: list[ExportedInvitation]
    reports: list[ExportedReport]
    scheduled: list[ExportedScheduled] = []
    reminders: list[ExportedReminder] = []
