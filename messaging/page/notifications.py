"""What push messages say: in the form of Declarative Web Push, which browsers that know it show by
themselves; the others have templates/push.js.
"""

from typing import Any

import msgspec
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chatsite.text import one_line
from chatsite.wire import absolute
from messaging.models import is_group
from messaging.page.attachments import kind_of, words_of
from messaging.page.peers import Author, authors_among, first_name
from messaging.queries.notifications import WINDOW, Missed
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
    place = f"{reverse('conversation', args=[peer])}#m-{first.id}"
    shown: dict[str, Any] = {
        **_words(missed, authors, previews),
        "navigate": absolute(place),
        "tag": tag_of(peer),
        "lang": translation.get_language(),
        "dir": "auto",
        "renotify": bool(missed.news),
        "silent": not missed.news,
        "app_badge": str(badge),
        "data": {
            "place": place,
            "messageId": first.id,
            "messageSeq": first.seq,
            "peerId": peer,
            "userId": mine.user_id,
            "seq": missed.messages[-1].seq,
            "reply": _("Reply"),
            "read": _("Mark as read"),
            "failed": _("Your reply was not sent:"),
        },
    }
    return encode({"web_push": 8030, "mutable": True, "notification": shown})


def taking_back(peer: str, badge: int) -> bytes:
    """What is shown of that chat is over."""
    return encode({"close": tag_of(peer), "app_badge": str(badge)})


def _words(missed: Missed, authors: dict[str, Author], previews: str) -> dict[str, str]:
    count = len(missed.messages)
    number = f"{WINDOW - 1}+" if count >= WINDOW else str(count)
    new = ngettext("%(number)s new message", "%(number)s new messages", count) % {"number": number}
    if previews == "nothing":
        return {"title": "Chatsite", "body": new}
    mine, last = missed.mine, missed.messages[-1]
    in_group = is_group(mine.conversation_id)
    author = authors[last.sender_id]
    title = mine.conversation.title if in_group else author.name
    if previews == "name":
        body = f"{author.name}: {new}" if in_group and count == 1 else new
        return {"title": title, "body": body}
    lines = [_line(each, authors if in_group else {}) for each in missed.messages[-LINES:]]
    title = f"{title} ({number})" if count > LINES else title
    return {"title": title, "body": "\n".join(lines), "icon": author.picture}


def _line(message: MessageRecord, authors: dict[str, Author]) -> str:
    kinds = {"picture": _("Picture"), "voice": _("Voice message"), "files": _("File")}
    words = one_line(words_of(message))[:LINE] or kinds.get(kind_of(message), "")
    author = authors.get(message.sender_id)
    return f"{first_name(author.name)}: {words}" if author else words
