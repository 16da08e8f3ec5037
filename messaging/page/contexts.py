"""What the templates of the chat page show."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.http import Http404

from accounts.access import SignedInRequest
from accounts.links import site_of
from accounts.models import User
from accounts.record import picture_url
from messaging.page.attachments import BLANK_FILES, BLANK_ONCE
from messaging.page.first_steps import first_steps
from messaging.page.later import later_line
from messaging.page.peers import BLANK, BLANK_GROUP, Author, Peer, authors_among
from messaging.page.quotes import originals_among, pinned_quotes
from messaging.page.reactions import BLANK_PILL, QUICK
from messaging.page.side_bar import ChatRow, badge, chat_row, contact_row, saved_row
from messaging.page.timeline import TimelineContext, lines_of
from messaging.presence import online_seen_by
from messaging.queries.chats import chats_of
from messaging.queries.history import first_unread, history
from messaging.queries.members import read_marks
from messaging.queries.people import contacts_of
from messaging.queries.visibility import stays_in, stays_with
from messaging.shapes.reactions import decoded_reactions
from messaging.shapes.record import MessageRecord

MESSAGES_PER_PAGE = 50
UNREAD_PER_PAGE = 40  # of a page around the first unread message; the others come before it
CONTACTS_PER_PAGE = 50
MAX_TARGETS = 50  # chats, and people, to whom something may be forwarded
MAX_FOUND = 8  # chats, and people, that a few letters may mean
NUMBER = re.compile(r"[0-9]{1,9}")

Context = dict[str, Any]


BLANKS: Context = {
    "blank_files": BLANK_FILES,
    "blank_once": BLANK_ONCE,
    "blank_peer": BLANK,
    "blank_group": BLANK_GROUP,
    "blank_reactions": {"pills": [BLANK_PILL]},
    "quick_reactions": QUICK,
}


def lists(request: SignedInRequest, tab: str) -> Context:
    """Both lists: the chats stay live beside the contacts too, if hidden."""
    context = {"my_picture": picture_url(request.user), **chat_list(request, tab), **steps(request)}
    return context | (contact_list(request) if tab == "contacts" else {})


def steps(request: SignedInRequest) -> Context:
    return {"first_steps": first_steps(request.user, site_of(request))}


def chat_list(request: SignedInRequest, tab: str) -> Context:
    query = _query(request) if tab == "chats" else ""
    online, chats = online_seen_by(request.user.pk), chats_of(request.user)
    last = [chat.last_message for chat in chats if chat.is_group and chat.last_message]
    authors = _authors(last, request.user)
    folder = _folder(request) if tab == "chats" else ""
    rows = [chat_row(chat, request.user, online, authors, query, folder) for chat in chats]
    archived = sum(row.archived for row in rows)
    has_archive = archived > 0 and not query and folder in {"", "archived"}
    return {
        "chat_rows": rows,
        "is_found": has_archive or not all(row.hidden for row in rows),
        "folder": folder,
        "archived": archived,
        "archived_mentions": any(row.archived and row.mentions for row in rows),
        "has_archive": has_archive,
        "requests": sum(row.request for row in rows),
        "unread": badge(sum(row.counted for row in rows)),
        "query": _query(request),
    }


def contact_list(request: SignedInRequest) -> Context:
    number, query = _number(request, "page") or 1, _query(request)
    start, me = (number - 1) * CONTACTS_PER_PAGE, request.user.pk
    found = list(contacts_of(me, query)[start : start + CONTACTS_PER_PAGE + 1])
    online = online_seen_by(me)
    saved = saved_row(request.user, query) if number == 1 else None
    return {
        "saved_row": saved,
        "contact_rows": [contact_row(me, user, online) for user in found[:CONTACTS_PER_PAGE]],
        "is_nobody": not found and not (saved and query),
        "next_page": number + 1 if len(found) > CONTACTS_PER_PAGE else None,
        "query": query,
    }


def found(request: SignedInRequest) -> Context:
    """Where one may go: the chats that match, the latest first, then people one has none with."""
    chats = [row for row in chat_list(request, "chats")["chat_rows"] if not row.hidden][:MAX_FOUND]
    people: list[ChatRow] = []
    if query := _query(request):
        me, listed = request.user.pk, {row.key for row in chats}
        online, contacts = online_seen_by(me), contacts_of(me, query)[: 2 * MAX_FOUND]
        people = [contact_row(me, user, online) for user in contacts if user.pk not in listed]
        saved = saved_row(request.user, query)
        if saved and saved.key not in listed:
            chats.append(saved)
    return {"found_rows": [*chats, *people[:MAX_FOUND]]}


def targets(request: SignedInRequest) -> Context:
    """Where one may forward to: one's saved messages, chats, the latest first, then people one has
    none with.
    """
    query = _query(request)
    saved = saved_row(request.user, query)
    rows = [row for row in chat_list(request, "chats")["chat_rows"] if not row.is_saved]
    chats = [row for row in rows if not (row.hidden or row.closed)][:MAX_TARGETS]
    listed = {row.key for row in rows}
    people = contacts_of(request.user.pk, query)
    others = people.filter(banned_at=None).exclude(pk__in=listed)[:MAX_TARGETS]
    found = [contact_row(request.user.pk, user, online=()) for user in others]
    return {"candidates": [*([saved] if saved else ()), *chats, *found], "query": query}


def pane(request: SignedInRequest, peer: Peer | None) -> Context:
    if peer is None:
        return steps(request)
    waiting = {"later": later_line(request.user, peer)}
    return {"pins": pinned_quotes(request.user, peer), **waiting, **timeline(request, peer)}


def timeline(request: SignedInRequest, peer: Peer) -> Context:
    """A page of messages, and how far either side had read when the conversation was opened: the
    newest ones, together with those around the first unread one, wherever that is.
    """
    before = _number(request, "before")
    messages = _messages(request, peer, before)
    my_mark, peer_marks = read_marks(request.user, peer.pk)
    read = _number(request, "read")
    read_seq = my_mark if read is None else read
    context = TimelineContext(request.user, peer, read_seq, peer_marks)
    if before is None and messages and messages[0].seq > read_seq + 1:
        # The first unread one lies further back, or nothing but deleted ones does.
        unread = first_unread(request.user, peer.pk, read_seq=read_seq) or messages[0].seq
        context = replace(context, last_read_seq=unread - 1)
        if unread < messages[0].seq:
            end = min(unread + UNREAD_PER_PAGE, messages[0].seq)
            if end < messages[0].seq:
                context = replace(context, apart=messages[0].seq)
            messages = _messages(request, peer, end) + messages
    originals = originals_among(request.user, peer, messages)
    context = replace(context, originals=originals)
    if peer.is_group:
        context = replace(
            context,
            authors=_everybody([*messages, *originals.values()], request.user),
            stays=stays_in(peer.pk, request.user.pk),
        )
    elif _has_gaps(messages):
        context = replace(context, stays=stays_with(request.user.pk, peer.pk)[1])
    return {
        "peer": peer,
        "lines": list(lines_of(messages, context)),
        "before": messages[0].seq if messages and context.sees_before(messages[0].seq) else None,
        "read_seq": read_seq,
        "peer_marks": peer_marks,
        "is_newest": before is None,
    }


def _has_gaps(messages: Sequence[MessageRecord]) -> bool:
    """Whether some may be hidden from the reader among them, or all that are before them."""
    first = messages[0].seq if messages else 1
    is_short = len(messages) < MESSAGES_PER_PAGE and first > 1
    return is_short or any(each.seq - place != first for place, each in enumerate(messages))


def _authors(messages: Sequence[MessageRecord], reader: User) -> dict[str, Author]:
    keys = {message.sender_id for message in messages}
    return authors_among(keys, reader.pk) if keys else {}


def _everybody(messages: Sequence[MessageRecord], reader: User) -> dict[str, Author]:
    """Who wrote them, and who reacted."""
    keys = {message.sender_id for message in messages}
    for message in messages:
        for reaction in decoded_reactions(message.reactions):
            keys.update(reaction.people)
    return authors_among(keys, reader.pk) if keys else {}


def _messages(request: SignedInRequest, peer: Peer, before: int | None) -> list[MessageRecord]:
    limit = MESSAGES_PER_PAGE
    return history(request.user, peer.pk, before=before, limit=limit, include_deleted=True)


def _number(request: SignedInRequest, name: str) -> int | None:
    text = request.GET.get(name)
    if text is None:
        return None
    if not NUMBER.fullmatch(text):
        raise Http404
    return int(text)


def _folder(request: SignedInRequest) -> str:
    """Which of the chats are shown; "" is all that are not archived."""
    folder = request.GET.get("show", "")
    return folder if folder in {"unread", "groups", "archived", "requests"} else ""


def _query(request: SignedInRequest) -> str:
    return request.GET.get("q", "").replace("\0", "").strip()
