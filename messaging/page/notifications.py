"""What push messages say: in the form of Declarative Web Push, which browsers that know it show by
themselves; the others have templates/push.js.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from chatsite.text import one_line
from chatsite.wire import absolute
from messaging.models import is_group
from messaging.page.attachments import kind_of, words_of
from messaging.page.later import names_of
from messaging.page.peers import Author, authors_among, first_name
from messaging.queries.notifications import WINDOW, Missed
from messaging.queries.reminders import Reminded
from messaging.shapes.record import MessageRecord

LINES = 3  # messages that one notification shows
LINE = 160  # characters of each
encode = msgspec.json.encode


def tag_of(peer: str) -> str:
    """By which a notification is found again. static/js/notifications.js has the same."""
    return f"chat:{peer}"


def notification(missed: Missed, previews: str, badge: int) -> bytes:
    """`badge`: in how many chats there is something unread."""
    mine, first = missed.mine, (missed.news or missed.messages)[0]
    peer = mine.conversation.peer_id(mine.user_id)
    authors = authors_among({each.sender_id for each in missed.messages}, mine.user_id)
    reply_words = {
        "seq": missed.messages[-1].seq,
        "reply": _("Reply"),
        "read": _("Mark as read"),
        "failed": _("Your reply was not sent:"),
    }
    return _push(
        _words(missed, authors, previews),
        tag=tag_of(peer),
        target=_target(mine.user_id, peer, first, **reply_words),
        badge=badge,
        is_news=bool(missed.news),
    )


def reminder_notification(user: User, reminded: Reminded, previews: str, badge: int) -> bytes:
    """That it is time."""
    _reminder, peer, message = reminded
    words = {"title": _("Reminder")}
    if previews == "nothing":
        words = {"title": "Chatsite", "body": _("Reminder")}
    elif previews == "name":
        words["body"] = names_of(user, [peer])[peer]
    else:
        authors = authors_among({message.sender_id}, user.pk)
        words |= {"body": line_of(message, authors), "icon": authors[message.sender_id].picture}
    target = _target(user.pk, peer, message)
    return _push(words, tag=f"reminder:{message.id}", target=target, badge=badge, is_news=True)


def _target(user_id: str, peer: str, message: MessageRecord, **more: Any) -> dict[str, Any]:
    """Where a click leads to, as templates/push.js takes it."""
    return {
        "place": f"{reverse('conversation', args=[peer])}#m-{message.id}",
        "messageId": message.id,
        "messageSeq": message.seq,
        "peerId": peer,
        "userId": user_id,
        **more,
    }


def _push(
    words: dict[str, str], *, tag: str, target: dict[str, Any], badge: int, is_news: bool
) -> bytes:
    shown = {
        **words,
        "navigate": absolute(target["place"]),
        "tag": tag,
        "lang": translation.get_language(),
        "dir": "auto",
        "renotify": is_news,
        "silent": not is_news,
        "app_badge": str(badge),
        "data": target,
    }
    return encode({"web_push": 8030, "mutable": True, "app_badge": badge, "notification": shown})


def retraction(peer: str, badge: int) -> bytes:
    """What is shown of that chat is over."""
    return encode({"close": tag_of(peer), "app_badge": str(badge)})


def _words(missed: Missed, authors: dict[str, Author], previews: str) -> dict[str, str]:
    count, new = len(missed.messages), new_messages(missed)
    if previews == "nothing":
        return {"title": "Chatsite", "body": new}
    in_group = is_group(missed.mine.conversation_id)
    author = authors[missed.messages[-1].sender_id]
    title = title_of(missed, authors)
    if previews == "name":
        body = f"{author.name}: {new}" if in_group and count == 1 else new
        return {"title": title, "body": body}
    lines = lines_of(missed.messages, authors if in_group else {})
    title = f"{title} ({_number(count)})" if count > LINES else title
    return {"title": title, "body": "\n".join(lines), "icon": author.picture}


def new_messages(missed: Missed) -> str:
    count = len(missed.messages)
    words = ngettext("%(number)s new message", "%(number)s new messages", count)
    return words % {"number": _number(count)}


def _number(count: int) -> str:
    return f"{WINDOW - 1}+" if count >= WINDOW else str(count)


def title_of(missed: Missed, authors: dict[str, Author]) -> str:
    """Of the chat: of its group, or whoever wrote to them."""
    conversation = missed.mine.conversation
    if is_group(conversation.pk):
        return conversation.title
    return authors[missed.messages[-1].sender_id].name


def lines_of(messages: Sequence[MessageRecord], authors: dict[str, Author]) -> list[str]:
    """The last ones; with who wrote them, where they are among `authors`."""
    return [line_of(each, authors) for each in messages[-LINES:]]


def line_of(message: MessageRecord, authors: dict[str, Author]) -> str:
    kinds = {"picture": _("Picture"), "voice": _("Voice message"), "files": _("File")}
    words = one_line(words_of(message))[:LINE] or kinds.get(kind_of(message), "")
    author = authors.get(message.sender_id)
    return f"{first_name(author.name)}: {words}" if author else words
