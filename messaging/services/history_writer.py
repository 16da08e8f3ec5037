"""An imported history, written into conversations. Whatever is there already is passed over, so it
may be stopped anywhere and begun anew, or be of a longer export of the same chat.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.record import PersonRecord, person_of
from accounts.services.placeholders import make_placeholders, placeholder_key
from chatsite.db import atomic, now, repeatable
from chatsite.errors import DomainError
from chatsite.fastpath.expressions import EmptyText
from chatsite.fastpath.prepared import Values
from chatsite.fastpath.statements import Insert
from chatsite.keys import key_at, new_key
from chatsite.locks import locking
from chatsite.text import has_link, is_blank, is_storable, one_line
from messaging import events, recipients
from messaging.models import (
    PINNED_MESSAGES,
    Attachment,
    AttachmentState,
    Conversation,
    Kind,
    Membership,
    Message,
    MessageKind,
    Reaction,
    Role,
    blank_row,
    conversation_key,
    new_group_key,
)
from messaging.models.attachment import CAPTION_LENGTH
from messaging.models.conversation import TITLE_LENGTH
from messaging.payloads import changed_chat_payload
from messaging.queries.chats import chats_of
from messaging.queries.people import find_by_email, redact_for
from messaging.queries.pins import pinned_in
from messaging.services import uploads
from messaging.services.attachments import AttachmentBatch
from messaging.services.conversations import LockedConversation, locked_conversations, store
from messaging.services.drafts import TEXT_LENGTH, Draft
from messaging.services.importers.source import (
    Archive,
    ImportRefused,
    ImportSource,
    SourceChat,
    SourceFile,
    SourceMessage,
    SourceReaction,
)
from messaging.services.search_index import add_full_blocks
from messaging.shapes.attachments import ATTACHMENTS, encoded_attachments, is_album_picture
from messaging.shapes.history_import import ImportedChat, ImportReport, KnownPerson, LeftOut
from messaging.shapes.mentions import MENTIONS, encoded_mentions
from messaging.shapes.reactions import (
    DIFFERENT,
    MAX_PER_PERSON,
    NAMED,
    canonical_emoji,
    encoded_reactions,
    summed_up,
)
from messaging.shapes.system_messages import encoded

CHUNK = 100  # messages in one transaction
REACTIONS = 1000  # after which no more messages come into it
LOOKED_UP = 50  # addresses, at most
FILE_NAME = 1000  # characters; a name is kept in fewer
_INSERT, _REACT = Insert(Message), Insert(Reaction)


class HistoryWriter:
    def __init__(
        self,
        user: User,
        source: ImportSource,
        archive: Archive,
        note: Callable[[int, int], None],
        kind: Kind = Kind.IMPORTED,
    ) -> None:
        """Calls `note` with how many messages are done, and of how many."""
        self._kind = kind  # of the conversations that are made
        self._user = user
        self._source = source
        self._archive = archive
        self._note = note
        self._keys = {"": user.pk}  # of all who were made, by what the source knows them
        self._arrived: list[Attachment] = []  # uploads of the chunk that is being written
        self._done = 0

    def write(self) -> ImportReport:
        """Raises ImportRefused, and what `archive.check_cancelled` does."""
        chats = [self._chat(chat) for chat in self._source.chats]
        return ImportReport(
            chats=[chat for chat in chats if chat],
            left_out=[LeftOut(*each) for each in self._left_out.most_common()],
            people=self._people_with_accounts(),
        )

    @property
    def _left_out(self) -> Counter[str]:
        return self._source.left_out

    def _chat(self, chat: SourceChat) -> ImportedChat | None:
        """None of one without messages."""
        self._archive.check_cancelled()
        chunks = _chunks(self._fitting(chat.messages))
        chunk = next(chunks, [])
        if not chunk:
            return None
        conversation = conversation_of(self._user, self._source.kind, chat, self._kind)
        result = ImportedChat(conversation.pk, conversation.title, 0, 0)
        while chunk:
            self._archive.check_cancelled()
            new = self._chunk(conversation, chat, chunk)
            result.messages += new
            result.known += len(chunk) - new
            self._done += len(chunk)
            total = self._source.total
            self._note(self._done, total and max(self._done, total))
            chunk = next(chunks, [])
        if result.messages:
            self._publish(conversation.pk)
        return result

    def _fitting(self, messages: Iterable[SourceMessage]) -> Iterator[SourceMessage]:
        """Without what cannot be stored, the long ones in several."""
        for message in messages:
            text = message.text if is_storable(message.text) else _storable(message.text)
            message.text = "" if is_blank(text) else text
            if len(message.files) > ATTACHMENTS:
                self._left_out[_("Files beyond ten in one message")] += 1
                message.files = message.files[:ATTACHMENTS]
            if not (message.text or message.files or message.system):
                self._left_out[_("Messages without anything that could be taken")] += 1
                continue
            mentions = list(dict.fromkeys(message.mentions))
            if (beyond := len(mentions) - MENTIONS) > 0:
                self._left_out[_("Mentions beyond fifty in one message")] += beyond
            message.mentions = mentions[:MENTIONS]
            yield replace(message, text=message.text[:TEXT_LENGTH])
            for start in range(TEXT_LENGTH, len(message.text), TEXT_LENGTH):
                part = message.text[start : start + TEXT_LENGTH]
                yield replace(
                    message,
                    id=f"{message.id}+{start}",
                    text=part,
                    files=[],
                    reactions=[],
                    pinned_at=None,
                )

    def _chunk(
        self, conversation: Conversation, chat: SourceChat, chunk: Sequence[SourceMessage]
    ) -> int:
        """Returns how many are new."""
        existing = self._existing(conversation.pk, chat, [each.id for each in chunk])
        fresh = [each for each in chunk if self._client_id(chat, each.id) not in existing]
        if not fresh:
            return 0
        for each in fresh:
            each.reactions = list(self._possible(each.reactions))
        people = {each.sender for each in fresh}
        people.update(reaction.person for each in fresh for reaction in each.reactions)
        self._make_people(people)
        self._arrived = []
        try:
            files = {each.id: self._uploaded(each) for each in fresh if each.files}
        except Exception:
            for upload in self._arrived:  # which another attempt would bring once more
                uploads.discard_upload(upload)
            raise
        return self._store(conversation, chat, fresh, files)

    def _make_people(self, people: set[str]) -> None:
        new = {person: self._key(person) for person in people - self._keys.keys()}
        make_placeholders({key: self._source.names.get(each, "") for each, key in new.items()})
        self._keys |= new

    def _key(self, person: str) -> str:
        """Whether or not they are made: who is mentioned may write later, or never."""
        return (
            placeholder_key(self._user.pk, self._source.kind, person) if person else self._user.pk
        )

    def _client_id(self, chat: SourceChat, message: str) -> str:
        identity = f"{self._source.kind}\0{chat.id}\0{message}"
        return f"import-{sha256(identity.encode(errors='replace')).hexdigest()[:48]}"

    def _existing(
        self, conversation: str, chat: SourceChat, messages: Iterable[str]
    ) -> dict[str, str]:
        """The keys of those that are there, by client message id."""
        wanted = [self._client_id(chat, each) for each in messages]
        there = Message.objects.filter(conversation_id=conversation, client_message_id__in=wanted)
        return dict(there.values_list("client_message_id", "pk"))

    def _uploaded(self, message: SourceMessage) -> list[tuple[str, SourceFile]]:
        """The keys of its files, as uploads. What cannot be taken is said in the message."""
        found = []
        for file in message.files:
            key = self._upload(file) if file.path else ""
            if key:
                found.append((key, file))
                continue
            if not file.path:
                self._left_out[_("Files that are not in the export")] += 1
            words = _("%(name)s (not imported)") % {"name": one_line(file.name) or _("File")}
            message.text = f"{message.text}\n{words}".strip("\n")[:TEXT_LENGTH]
        return found

    def _upload(self, file: SourceFile) -> str:
        """ "" where it is refused. Raises ImportRefused where nothing more is unpacked, DomainError
        503 where it may be taken later.
        """
        opened = self._archive.opened(file.path)
        try:
            upload = uploads.begin_upload(
                owner=self._user,
                size=self._archive.size(file.path),
                name=file.name[-FILE_NAME:],  # with its ending
                content_type=file.content_type,
                duration=str(file.duration) if file.duration else "",
                waveform=file.waveform,
            )
        except DomainError as error:
            self._refuse(error)
            return ""
        try:
            with opened as packed:
                arrived = uploads.receive(upload, offset=0, read=packed.read)
            if arrived == upload.size:
                self._arrived.append(upload)
                return str(upload.pk)
            self._left_out[_("Files that are damaged")] += 1
        except ImportRefused:
            self._left_out[_("Files that are damaged")] += 1
        except DomainError as error:
            uploads.discard_upload(upload)
            self._refuse(error)
            return ""
        uploads.discard_upload(upload)
        return ""

    def _refuse(self, error: DomainError) -> None:
        """Raises it, where it would not be refused later."""
        if error.status == HTTPStatus.SERVICE_UNAVAILABLE:
            raise error
        self._left_out[error.message] += 1

    @repeatable
    def _store(
        self,
        conversation: Conversation,
        chat: SourceChat,
        messages: Sequence[SourceMessage],
        files: dict[str, list[tuple[str, SourceFile]]],
    ) -> int:
        with locking(conversation.key):
            locked = locked_conversations([conversation.key])[conversation.key]
            replied_to = [each.reply_to for each in messages if each.reply_to]
            ids = [*(each.id for each in messages), *replied_to]
            existing = self._existing(conversation.pk, chat, ids)
            uploaded = [key for pairs in files.values() for key, _file in pairs]
            attached = AttachmentBatch(
                Attachment.objects.filter(pk__in=uploaded, state=AttachmentState.READY)
            )
            rows: list[dict[str, Any]] = []
            reactions: list[Values] = []
            pins = pinned_in(conversation.pk).count()
            last = _last_time(conversation.pk)
            for message in messages:
                client_id = self._client_id(chat, message.id)
                if client_id in existing:
                    continue
                last = max(last, message.at)  # times of a conversation rise
                row = self._row(message, locked, last)
                row["client_message_id"] = client_id
                if message.reply_to:
                    row["reply_to"] = existing.get(self._client_id(chat, message.reply_to), "")
                reactions += self._react(row, message.reactions)
                if message.pinned_at:
                    pins += self._pin(row, message.pinned_at, pins)
                self._attach(row, files.get(message.id, ()), attached, locked)
                existing[client_id] = row["id"]
                rows.append(row)
            store([locked], (_INSERT, rows), (_REACT, reactions))
            attached.store_sent()
            mine = Membership.objects.filter(conversation_id=conversation.pk, user_id=self._user.pk)
            mine.update(last_read_seq=locked.seq)
            mine.filter(until_seq__isnull=False).update(until_seq=locked.seq)
            add_full_blocks((row["conversation_id"], row["seq"]) for row in rows)
        return len(rows)

    def _row(
        self, message: SourceMessage, locked: LockedConversation, at: datetime
    ) -> dict[str, Any]:
        key = key_at(at)  # so that lists have the chat where it was
        locked.change(now())
        locked.seq += 1
        locked.message_id = key
        system = encoded(message.system).decode() if message.system else ""
        mentioned = [self._keys.get(each) or self._key(each) for each in message.mentions]
        return {
            **blank_row(),
            "id": key,
            "conversation_id": locked.pk,
            "sender_id": self._keys[message.sender],
            "seq": locked.seq,
            "version": locked.version,
            "kind": (MessageKind.SYSTEM if system else MessageKind.TEXT).value,
            "text": message.text,
            "details": system,
            "has_link": has_link(message.text) or None,
            "forwarded": message.forwarded or None,
            "mentions": encoded_mentions(mentioned, mentioned),
            "edited_at": message.edited_at,
            "created_at": at,
            "updated_at": at,
        }

    def _possible(self, reactions: Iterable[SourceReaction]) -> Iterator[SourceReaction]:
        """Those that could be here, too, by emoji."""
        found: dict[str, dict[str, None]] = defaultdict(dict)  # people, by emoji
        by_one: Counter[str] = Counter()
        for reaction in reactions:
            emoji, person = canonical_emoji(reaction.emoji) or "", reaction.person
            has_room = emoji in found or len(found) < DIFFERENT
            if not emoji or not has_room or by_one[person] >= MAX_PER_PERSON:
                self._left_out[_("Reactions that nobody has here")] += 1
            elif person not in found[emoji]:
                found[emoji][person] = None
                by_one[person] += 1
        for emoji, people in found.items():
            for person in people:
                yield SourceReaction(person, emoji)

    def _react(self, row: dict[str, Any], reactions: Sequence[SourceReaction]) -> list[Values]:
        """The rows of these, which the message sums up."""
        pairs = [(each.emoji, self._keys[each.person]) for each in reactions]
        counts = Counter(each.emoji for each in reactions).items()
        row["reactions"] = encoded_reactions(summed_up(counts, pairs[:NAMED]))
        return [
            {"id": new_key(), "message_id": row["id"], "user_id": person, "emoji": emoji}
            for emoji, person in pairs
        ]

    def _pin(self, row: dict[str, Any], at: datetime, there: int) -> bool:
        """Whether there was room for it."""
        if there >= PINNED_MESSAGES:
            self._left_out[_("Pins beyond fifty in one chat")] += 1
            return False
        row["pinned_at"], row["pinned_by"] = max(at, row["created_at"]), self._user.pk
        return True

    def _attach(
        self,
        row: dict[str, Any],
        files: Sequence[tuple[str, SourceFile]],
        attached: AttachmentBatch,
        locked: LockedConversation,
    ) -> None:
        if not files:
            return
        captions = {key: file.caption[:CAPTION_LENGTH] for key, file in files if file.caption}
        draft = Draft(
            self._user.pk,
            locked.pk,
            locked.key,
            text="",
            attachments=[key for key, _file in files],
            captions={key: caption for key, caption in captions.items() if is_storable(caption)},
        )
        there = attached.assign(draft, row["id"], locked.pk)
        shown = [is_album_picture(each) for each in there]
        row["attachments"] = encoded_attachments(there)
        row["has_picture"] = any(shown) or None
        row["has_voice"] = any(each.waveform for each in there) or None
        row["has_file"] = not (all(shown) or row["has_voice"]) or None

    def _publish(self, conversation: str) -> None:
        """The open pages of its owner."""
        for chat in chats_of(self._user, among=[conversation]):
            payload = changed_chat_payload(chat, False)
            events.publish(events.HISTORY_CHANGED, payload, to=recipients.of([self._user.pk]))

    def _people_with_accounts(self) -> list[KnownPerson]:
        """Whom of the history they find here by their whole address, as everybody may."""
        found: dict[str, PersonRecord] = {}
        for email in list(dict.fromkeys(self._source.emails.values()))[:LOOKED_UP]:
            user = find_by_email(self._user.pk, email)
            if user and user.pk != self._user.pk and not user.deleted_at and not user.is_banned:
                found[user.pk] = person_of(user)
        redact_for(self._user.pk, found.values())
        return [KnownPerson(each.id, each.full_name) for each in found.values()]


def conversation_of(
    user: User, source: str, chat: SourceChat, kind: Kind = Kind.IMPORTED
) -> Conversation:
    """That of this chat, made where it is not there yet: once, whenever it is imported."""
    identity = f"{source}\0{chat.id}"
    client_id = f"import-{sha256(identity.encode(errors='replace')).hexdigest()[:48]}"
    made = Conversation.objects.filter(creator=user.pk, client_group_id=client_id)
    if not settings.MONGODB:  # the condition of the unique index
        made = made.filter(Q(client_group_id__gt=EmptyText()))
    if there := made.first():
        return there
    key = new_group_key()
    name = one_line(chat.name)[:TITLE_LENGTH] if is_storable(chat.name) else ""
    conversation = Conversation(
        pk=key,
        key=conversation_key(user.pk, key),
        kind=kind,
        shows_history=kind == Kind.GROUP,
        member_count=int(kind == Kind.GROUP),
        title=_("Imported chat") if is_blank(name) else name,
        creator=user.pk,
        client_group_id=client_id,
    )
    with atomic():
        conversation.save(force_insert=True)
        own = {"role": Role.OWNER} if kind == Kind.GROUP else {"until_seq": 0}
        Membership.objects.create(conversation=conversation, user=user, **own)
    return conversation


def _chunks(messages: Iterable[SourceMessage]) -> Iterator[list[SourceMessage]]:
    """Of what is stored while others wait."""
    chunk, reactions = list[SourceMessage](), 0
    for message in messages:
        chunk.append(message)
        reactions += len(message.reactions)
        if len(chunk) == CHUNK or reactions >= REACTIONS:
            yield chunk
            chunk, reactions = [], 0
    if chunk:
        yield chunk


def _last_time(conversation: str) -> datetime:
    messages = Message.objects.filter(conversation_id=conversation).order_by("-seq")
    return messages.values_list("created_at", flat=True).first() or datetime.min.replace(tzinfo=UTC)


def _storable(text: str) -> str:
    return text.replace("\x00", "").encode(errors="replace").decode()
