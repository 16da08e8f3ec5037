"""Previews of links: of the first one of a message, made by a job once it is sent.

The readers' browsers load nothing but this site: it fetches the page (chatsite/link_previews/), and
keeps of it some words and a small picture.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from hashlib import blake2b
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import cache
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.principal import Principal
from chatsite.db import now, release
from chatsite.errors import DomainError, NotFound
from chatsite.fastpath.statements import Update, run_batch
from chatsite.link_previews.fetching import Fetched, fetch
from chatsite.link_previews.links import link_in
from chatsite.pictures import images, storage
from chatsite.security.request_limits import PREVIEWS, count
from chatsite.site_limiter import SiteBusy, SiteLimiter, site_of
from messaging import events, recipients
from messaging.models import Message
from messaging.queries.visibility import was_deleted
from messaging.services.changes import MessageChange, change_alone
from messaging.services.conversations import INSTANT, LockedConversation
from messaging.shapes.link_previews import PreviewRecord, encoded_preview
from messaging.shapes.record import MessageRecord, record_of
from scheduler.services import schedule_all

JOB = "preview_link"
REMOVED = ""  # by its sender: it is not made again
# For how long other messages get what was found. The tidying of pictures spares an unused one for
# longer, so that this one is there.
KEPT, KEPT_NOTHING = timedelta(minutes=45), timedelta(minutes=10)
LATE = timedelta(minutes=10)  # after which nobody waits for it
TURN = timedelta(minutes=1)  # in which a page has to be fetched, when others of its site wait
SLOW = 2  # seconds
SLOW_FOR = timedelta(minutes=10)
SMALLEST = 32  # pixels of either side: what is smaller is no picture of anything
_PREVIEW = Update(
    lambda key, preview, moment, version: (
        Message.objects.filter(pk=key),
        {"preview": preview, "updated_at": moment, "version": version},
    )
)


SITE_LIMITER = SiteLimiter(max_concurrent=1)  # the threads of previews are few
ALL_SLOW = "slow"  # whatever was slow lately, and whoever sent it, are one site together


def preview_later(messages: Iterable[tuple[str, str]]) -> None:
    """Of messages that may have a link: their keys and texts. Belongs in the transaction that
    stores them.
    """
    if settings.LINK_PREVIEWS:
        schedule_all(JOB, ({"message": key} for key, text in messages if link_in(text)))


def kept_preview(message: Message, text: str) -> str | None:
    """What an edit that makes this its text leaves of its preview."""
    if message.preview is None or link_in(text) != link_in(message.text):
        return None
    return message.preview


def make_preview(message_id: str) -> None:
    """Of a message as it is by now; nothing happens where it has one, where it comes too late, and
    where its sender has had as many made as they may. May be repeated. Raises Busy, SiteBusy.
    """
    message = Message.objects.filter(pk=message_id).first()
    if message is None or message.preview is not None or message.updated_at < now() - LATE:
        return
    url = link_in(message.text) if settings.LINK_PREVIEWS and not message.deleted else ""
    try:
        preview = _preview_of(url, message.sender_id) if url else ""
    except SiteBusy:
        if message.updated_at < now() - TURN:
            return
        raise
    if preview:
        try:
            change_alone(NewPreview(message.sender_id, message.pk, url, preview))
        except NotFound:  # its sender does not see it any more
            return


def remove_preview(*, user: User | Principal, message_id: str) -> MessageRecord:
    """Of one's own message, for everybody; returns the message as it is now. Again, or before
    there is one: none comes.

    Raises DomainError: 403 for the messages of others, 404, 409 for a deleted message.
    """
    return change_alone(PreviewRemoval(user.pk, message_id))


@dataclass(frozen=True, slots=True)
class NewPreview(MessageChange):
    """Of its sender."""

    url: str
    preview: str

    def apply(self, message: Message, conversation: LockedConversation) -> None:
        is_still = not message.deleted and link_in(message.text) == self.url
        if is_still and message.preview is None:
            _store(message, conversation, self.preview)


@dataclass(frozen=True, slots=True)
class PreviewRemoval(MessageChange):
    def apply(self, message: Message, conversation: LockedConversation) -> None:
        if message.sender_id != self.person:
            text = _("You can only remove the previews of your own messages.")
            raise DomainError(text, 403, code="not_sender")
        if message.deleted:
            raise was_deleted()
        if message.has_link and message.preview != REMOVED:
            _store(message, conversation, REMOVED)


def _store(message: Message, conversation: LockedConversation, preview: str) -> None:
    # Later than before, by whatever clock: of two states clients keep the later one.
    conversation.change(moment := max(now(), conversation.changed_at + INSTANT))
    message.preview, message.updated_at = preview, moment
    change = {"key": message.pk, "preview": preview, "moment": moment}
    run_batch((_PREVIEW, [{**change, "version": conversation.version}]))
    to = recipients.of(conversation.receivers_of(message.seq))
    events.publish(events.MESSAGE_EDITED, record_of(message), to=to)


def _preview_of(url: str, sender: str) -> str:
    """As it is stored; "" where there is none. Raises SiteBusy."""
    key = f"link-preview:{blake2b(url.encode(), digest_size=16).hexdigest()}"
    preview: str | None = cache.get(key)
    if preview is None:
        host = urlsplit(url).hostname or ""
        marks = [f"slow-link:{each}" for each in (site_of(host), sender)]
        with _turn(host, marks):
            if count(PREVIEWS, sender):  # once for each page: what is put off is not counted
                return ""
            release()  # while the page is waited for
            preview = _made(url, marks)
        kept = KEPT if preview else KEPT_NOTHING
        cache.set(key, preview, kept.total_seconds())
    return preview


@contextmanager
def _turn(host: str, marks: Sequence[str]) -> Iterator[None]:
    """To ask one page. Raises SiteBusy."""
    is_slow = bool(cache.get_many(marks))
    with SITE_LIMITER.slot(host), SITE_LIMITER.slot(ALL_SLOW) if is_slow else nullcontext():
        yield


def _fetched(url: str, marks: Sequence[str]) -> Fetched | None:
    """Notes who was slow: the site, and not what is made here of its response."""
    began = time.monotonic()
    try:
        return fetch(url)
    finally:
        if time.monotonic() - began > SLOW:
            cache.set_many(dict.fromkeys(marks, True), SLOW_FOR.total_seconds())


def _made(url: str, marks: Sequence[str]) -> str:
    page = _fetched(url, marks)
    if page is None:
        return ""
    preview = PreviewRecord(url, page.title, page.description or None)
    if page.picture:
        try:
            picture = images.small(page.picture)
            if min(picture.width, picture.height) >= SMALLEST:
                preview.image = storage.save("previews", picture)
                preview.width, preview.height = picture.width, picture.height
        except DomainError:  # it is none, or cannot be kept: words are enough
            pass
    return encoded_preview(preview)
