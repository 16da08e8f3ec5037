"""The ZIP of an export: what its owner may see, as JSON and as pages that need no server.

It is written from its beginning to its end, a page of a chat at a time, so it may be larger than
memory. Python's own `zipfile` does that: it writes to what cannot seek, and counts beyond 4 GiB.
"""

import re
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from typing import IO, Any

import msgspec
from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts import notifications, privacy
from accounts.devices import device_of
from accounts.models import FormerUsername, Session, User
from accounts.notifications import zone_of
from accounts.record import COLUMNS as PERSON_COLUMNS
from accounts.record import PersonRecord, person_of_row
from accounts.services.push_subscriptions import subscribed_sessions
from chatsite.db import now, release
from chatsite.files.response import FileSource, ReadableFile, file_source
from chatsite.files.storage import PIECE, store
from chatsite.pictures import storage as pictures
from chatsite.wire import timestamp
from messaging.models import (
    Attachment,
    AttachmentKind,
    Conversation,
    Message,
    MessageEdit,
    Reminder,
    Report,
    is_group,
)
from messaging.queries.attachments import attachments_of
from messaging.queries.blocks import blocked_by
from messaging.queries.chats import Chat, chats_of
from messaging.queries.history import history_oldest_first, originals_of
from messaging.queries.members import members_page
from messaging.queries.people import redact_for
from messaging.queries.reminders import reminders
from messaging.queries.scheduled import files_of, scheduled_of
from messaging.queries.visibility import conversation_with
from messaging.services.groups import MEMBERS
from messaging.shapes.attachments import decoded_captions
from messaging.shapes.export import (
    DOCUMENT,
    FORMAT,
    VERSION,
    ExportDocument,
    ExportedBlock,
    ExportedChat,
    ExportedEdit,
    ExportedFile,
    ExportedInvitation,
    ExportedMe,
    ExportedMember,
    ExportedMessage,
    ExportedMessages,
    ExportedPerson,
    ExportedReminder,
    ExportedReport,
    ExportedScheduled,
    ExportedSession,
)
from messaging.shapes.mentions import decoded_mentions
from messaging.shapes.reactions import decoded_reactions, reacted_by
from messaging.shapes.record import MessageRecord
from messaging.shapes.system_messages import deleted_account

PAGE = 500  # messages, at most, in each file of a chat
CHUNK = 500  # people in one query
QUOTED = 200  # characters
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,8}")
# What no browser runs that opens it from the disk.
_OPENS = {
    *(".avif", ".bmp", ".gif", ".heic", ".heif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"),
    *(".aac", ".flac", ".m4a", ".mp3", ".oga", ".ogg", ".opus", ".wav", ".weba"),
    *(".3gp", ".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".ogv", ".webm"),
    *(".csv", ".doc", ".docx", ".odp", ".ods", ".odt", ".pdf", ".ppt", ".pptx", ".rtf", ".txt"),
    *(".xls", ".xlsx", ".7z", ".gz", ".rar", ".tar", ".zip"),
}


def write_archive(file: IO[bytes], user: User, note: Callable[[int], None]) -> None:
    """Calls `note` with how many messages are in it so far."""
    zone = zone_of(notifications.decoded(user.notifications).zone)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, timezone.override(zone):
        _Export(archive, user, note).write()


class _Export:
    def __init__(self, archive: zipfile.ZipFile, user: User, note: Callable[[int], None]) -> None:
        self._archive = archive
        self._user = user
        self._note = note
        self._moment = now()
        self._people: dict[str, PersonRecord] = {}
        self._missing: set[str] = set()  # of deleted accounts
        self._written: dict[str, str] = {}  # the paths of files, by how they are stored
        self._done = 0

    def write(self) -> None:
        self._load_people([self._user.pk])
        scheduled = self._scheduled()  # before the chats: what is sent meanwhile is in both
        chats = [self._chat(chat) for chat in chats_of(self._user)]
        reminded = reminders(self._user)
        blocked = blocked_by(self._user)
        self._load_people(each.id for each in blocked)
        self._load_people(each.peer_id for _at, each in scheduled if not is_group(each.peer_id))
        names = {each.peer_id: each.name for each in chats}
        self._page(
            "index.html",
            "export/index.html",
            chats=chats,
            scheduled=[
                (
                    names.get(each.peer_id) or self._name_of(each.peer_id),
                    at,
                    each,
                    _shown(each.files),
                )
                for at, each in scheduled
            ],
            reminders=[
                (names.get(peer, ""), each, record.text or "") for each, peer, record in reminded
            ],
            root="",
        )
        notified = subscribed_sessions(self._user)
        document = ExportDocument(
            format=FORMAT,
            version=VERSION,
            site=settings.PUBLIC_URL,
            exported_at=timestamp(self._moment),
            me=self._me(),
            people=[*map(_person, self._people.values()), *map(ExportedPerson, self._missing)],
            chats=chats,
            blocked=[ExportedBlock(each.id, timestamp(each.since)) for each in blocked],
            sessions=[
                _session(each, each.pk in notified)
                for each in Session.objects.filter(user=self._user).order_by("-last_seen_at")
            ],
            invitations=[
                ExportedInvitation(
                    each.email,
                    each.uses,
                    each.used,
                    timestamp(each.created_at),
                    timestamp(each.expires_at),
                )
                for each in self._user.invitations.order_by("pk")
            ],
            reports=[
                ExportedReport(
                    each.kind, each.about, each.reason, each.words, timestamp(each.created_at)
                )
                for each in Report.objects.filter(reporter=self._user.pk).order_by("pk")
            ],
            scheduled=[each for _at, each in scheduled],
            reminders=[_reminder(each, peer) for each, peer, _record in reminded],
        )
        self._json(DOCUMENT, document)

    def _me(self) -> ExportedMe:
        user = self._user
        former = FormerUsername.objects.filter(owner=user.pk).order_by("freed_at")
        return ExportedMe(
            id=user.pk,
            full_name=user.full_name,
            email=user.email,
            created_at=timestamp(user.created_at),
            privacy=privacy.decoded(user.privacy),
            username=user.username,
            email_confirmed_at=_optional_timestamp(user.email_confirmed_at),
            picture=self._picture("profiles", user.picture, "me.webp")[0] if user.picture else None,
            notifications=notifications.decoded(user.notifications),
            language=user.language,
            last_seen_at=_optional_timestamp(user.last_seen_at),
            former_usernames=list(former.values_list("username", flat=True)),
            role=user.role,
            warning=user.warning,
            silenced_until=_optional_timestamp(user.silenced_until),
            deletion_at=_optional_timestamp(user.deletion_at),
        )

    def _chat(self, chat: Chat) -> ExportedChat:
        peer = chat.peer.id
        conversation = conversation_with(self._user.pk, peer)
        settings = chat.settings
        exported = ExportedChat(
            id=conversation,
            kind="saved" if chat.is_saved else "group" if chat.is_group else "direct",
            peer_id=peer,
            name=chat.peer.full_name,
            pages=[],
            role=chat.role,
            last_read_seq=chat.last_read_seq,
            pinned_at=settings.pinned_at,
            archived=settings.archived,
            muted_until=settings.muted_until,
            marked_unread=settings.marked_unread,
            disappear_after=chat.disappear_after,
            draft=settings.draft.text if settings.draft else "",
        )
        if exported.kind == "group" and chat.role:
            row = Conversation.objects.get(pk=conversation)
            exported.description = row.description
            members = members_page(self._user, conversation, limit=MEMBERS).members
            self._load_people(each.person.id for each in members)
            exported.members = [
                ExportedMember(each.person.id, each.role, timestamp(each.joined_at))
                for each in members
            ]
        elif exported.kind == "direct":
            self._load_people([peer])
        pages = history_oldest_first(self._user, peer, limit=PAGE)
        for number, (records, is_last) in enumerate(_with_last(pages), 1):
            exported.pages.append(self._messages(exported, number, records, is_last))
            self._done += len(records)
            self._note(self._done)
        return exported

    def _messages(
        self, chat: ExportedChat, number: int, records: Sequence[MessageRecord], is_last: bool
    ) -> str:
        """Writes a page of a chat. Returns the path of its JSON."""
        files = self._files(records)
        edits = self._edits(records)
        messages = [
            self._message(record, files.get(record.id, []), edits.get(record.id, []))
            for record in records
        ]
        self._load_people(key for each in messages for key in _named_by(each))
        folder = f"chats/{chat.id}"
        self._json(f"{folder}/{number}.json", ExportedMessages(messages))
        quoted = originals_of(
            self._user, chat.peer_id, [each.reply_to for each in messages if each.reply_to]
        )
        self._load_people(each.sender_id for each in quoted.values())
        here = {each.id for each in messages}
        self._page(
            f"{folder}/{number}.html",
            "export/chat.html",
            root="../../",
            chat=chat,
            rows=[self._row(each, quoted, here) for each in messages],
            before=number - 1,
            after=0 if is_last else number + 1,
        )
        return f"{folder}/{number}.json"

    def _row(
        self, message: ExportedMessage, quoted: dict[str, MessageRecord], here: set[str]
    ) -> dict[str, Any]:
        """As the template shows it."""
        original = quoted.get(message.reply_to or "")
        if original and original.deleted:
            original = None
        return {
            "message": message,
            "at": _local(message.sent_at),
            "edits": [(_local(each.until), each) for each in message.edits],
            "name": self._name_of(message.sender_id),
            "is_mine": message.sender_id == self._user.pk,
            "files": _shown(message.files),
            "answered": original
            and {
                "key": original.id if original.id in here else "",
                "name": self._name_of(original.sender_id),
                "text": (original.text or "")[:QUOTED],
            },
            "reactions": [(each.emoji, each.count) for each in message.reactions],
        }

    def _message(
        self, record: MessageRecord, files: list[ExportedFile], edits: list[ExportedEdit]
    ) -> ExportedMessage:
        reactions = decoded_reactions(record.reactions)
        return ExportedMessage(
            id=record.id,
            seq=record.seq,
            sender_id=record.sender_id,
            sent_at=record.created_at,
            text=record.text or "",
            files=files,
            reply_to=record.reply_to,
            edited_at=record.edited_at,
            forwarded=record.forwarded,
            mentions=record.mentions or [],
            reactions=reactions,
            reacted=record.reacted or reacted_by(self._user.pk, reactions),
            pinned_at=record.pinned_at,
            expires_at=record.expires_at,
            listened=record.listened,
            edits=edits,
            system=record.system,
        )

    def _edits(self, records: Sequence[MessageRecord]) -> dict[str, list[ExportedEdit]]:
        """Of one's own messages among them."""
        me = self._user.pk
        edited = [each.id for each in records if each.edited_at and each.sender_id == me]
        found: dict[str, list[ExportedEdit]] = defaultdict(list)
        rows = MessageEdit.objects.filter(message_id__in=edited) if edited else ()
        for each in sorted(rows, key=attrgetter("pk")):
            captions = decoded_captions(each.captions)
            found[each.message_id].append(
                ExportedEdit(timestamp(each.edited_at), each.text, captions)
            )
        return found

    def _files(self, records: Sequence[MessageRecord]) -> dict[str, list[ExportedFile]]:
        """Writes those of these messages. Returns them by message."""
        with_picture = [record.id for record in records if record.image]
        images = dict(Message.objects.filter(pk__in=with_picture).values_list("pk", "image"))
        with_files = [record.id for record in records if record.attachments]
        rows = attachments_of(with_files)
        release()
        found: dict[str, list[ExportedFile]] = {}
        for record in records:
            files = [self._image(record, images[record.id])] if record.id in images else []
            stored = {each.pk: each for each in rows.get(record.id, ())}
            files += (
                self._attachment(stored[each.id], each.caption)
                for each in record.attachments or ()
                if each.id in stored
            )
            if files:
                found[record.id] = files
        return found

    def _scheduled(self) -> list[tuple[datetime | None, ExportedScheduled]]:
        """Writes their files. Returns each with its time."""
        rows = list(scheduled_of(self._user))
        release()
        return [
            (
                row.send_at,
                ExportedScheduled(
                    row.peer,
                    timestamp(row.created_at),
                    row.text,
                    _optional_timestamp(row.send_at),
                    row.reply_to or None,
                    (decoded_mentions(row.mentions) if row.mentions else None) or [],
                    row.error,
                    row.message or None,
                    [self._attachment(each, each.caption or None) for each in files_of(row)],
                    row.view_once,
                ),
            )
            for row in rows
        ]

    def _image(self, record: MessageRecord, name: str) -> ExportedFile:
        path, size = self._picture("messages", name, f"files/{record.id}.webp")
        return ExportedFile(
            name="picture.webp",
            kind=AttachmentKind.PICTURE,
            type="image/webp",
            size=size,
            path=path,
            width=record.image_width,
            height=record.image_height,
        )

    def _attachment(self, row: Attachment, caption: str | None) -> ExportedFile:
        """Copies of a file are in it once. Raises DomainError 503 where it is away for a while."""
        path = self._written.get(row.stored)
        if path is None:
            path = self._copied(row)
        return ExportedFile(
            name=row.name,
            kind=row.kind,
            type=row.content_type,
            size=row.size,
            path=path or None,
            width=row.width,
            height=row.height,
            duration=row.duration,
            caption=caption,
            waveform=row.waveform or None,
            id=row.pk,
        )

    def _copied(self, row: Attachment) -> str:
        ending = _ENDING.fullmatch(Path(row.name).suffix)
        path = f"files/{row.pk}{ending[0].lower() if ending else ''}"
        source = None
        with suppress(OSError):
            found = store.find(row.stored)
            source = file_source(found) if isinstance(found, Path) else found
        if source is None:
            path = ""
        else:
            with closing(source.opened(0, source.size)) as file:
                self._stored(path, _pieces(file))
        self._written[row.stored] = path
        return path

    def _picture(self, kind: pictures.PictureKind, name: str, path: str) -> tuple[str | None, int]:
        """Writes it to that path, and returns that and its size; None where it is out of reach.
        Raises DomainError 503.
        """
        try:
            data = _picture(kind, name)
        except (pictures.StorageError, OSError):
            return None, 0
        self._stored(path, [data])
        return path, len(data)

    def _stored(self, path: str, pieces: Iterable[bytes]) -> None:
        """As they are: pictures and videos are packed already."""
        entry = self._entry(path)
        entry.compress_type = zipfile.ZIP_STORED
        with self._archive.open(entry, "w", force_zip64=True) as file:
            for piece in pieces:
                file.write(piece)

    def _json(self, path: str, content: Any) -> None:
        self._text(path, msgspec.json.format(msgspec.json.encode(content), indent=1))

    def _page(self, path: str, template: str, **context: Any) -> None:
        zone = timezone.get_current_timezone_name()
        shared = {"me": self._user, "moment": self._moment, "zone": zone}
        self._text(path, render_to_string(template, {**shared, **context}).encode())

    def _text(self, path: str, data: bytes) -> None:
        entry = self._entry(path)
        entry.compress_type = zipfile.ZIP_DEFLATED
        self._archive.writestr(entry, data)

    def _entry(self, path: str) -> zipfile.ZipInfo:
        local = timezone.localtime(self._moment)
        return zipfile.ZipInfo(path, local.timetuple()[:6])

    def _load_people(self, keys: Iterable[str]) -> None:
        """Loads those that are not loaded yet."""
        missing = [key for key in dict.fromkeys(keys) if key not in self._people]
        missing = [key for key in missing if key and key not in self._missing]
        for start in range(0, len(missing), CHUNK):
            some = User.objects.filter(pk__in=missing[start : start + CHUNK])
            people = [person_of_row(row) for row in some.values_list(*PERSON_COLUMNS)]
            redact_for(self._user.pk, people)
            self._people |= {each.id: each for each in people}
        self._missing.update(key for key in missing if key not in self._people)

    def _name_of(self, key: str) -> str:
        person = self._people.get(key)
        return person.full_name if person else deleted_account()


def _with_last(
    pages: Iterable[list[MessageRecord]],
) -> Iterator[tuple[list[MessageRecord], bool]]:
    """Each with whether it is the last one."""
    waiting: list[MessageRecord] | None = None
    for page in pages:
        if waiting is not None:
            yield waiting, False
        waiting = page
    if waiting is not None:
        yield waiting, True


def _named_by(message: ExportedMessage) -> Iterator[str]:
    yield message.sender_id
    yield from message.mentions
    for reaction in message.reactions:
        yield from reaction.people


def _person(person: PersonRecord) -> ExportedPerson:
    return ExportedPerson(person.id, person.full_name, person.email)


def _reminder(row: Reminder, peer: str) -> ExportedReminder:
    return ExportedReminder(
        row.message_id,
        peer,
        timestamp(row.remind_at),
        timestamp(row.created_at),
        _optional_timestamp(row.told_at),
    )


def _session(session: Session, is_notified: bool) -> ExportedSession:
    return ExportedSession(
        session.name,
        device_of(session.user_agent).name,
        session.address,
        timestamp(session.created_at),
        timestamp(session.last_seen_at),
        _optional_timestamp(session.revoked_at),
        is_notified,
    )


def _shown(files: Iterable[ExportedFile]) -> list[tuple[ExportedFile, bool]]:
    """Each with whether a page may lead to it."""
    return [(each, Path(each.path or "").suffix in _OPENS) for each in files]


def _optional_timestamp(moment: datetime | None) -> str | None:
    return timestamp(moment) if moment else None


def _local(moment: str) -> datetime | None:
    found = parse_datetime(moment)
    return timezone.localtime(found) if found else None


def _picture(kind: pictures.PictureKind, name: str) -> bytes:
    """Raises StorageError, DomainError 503, OSError."""
    found = pictures.find(kind, name)
    if isinstance(found, Path):
        return found.read_bytes()
    if isinstance(found, FileSource):
        with closing(found.opened(0, found.size)) as file:
            return b"".join(_pieces(file))
    return pictures.read(name, withdrawn=False)


def _pieces(file: ReadableFile) -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece
