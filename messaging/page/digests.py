"""The mail that says what is unread."""

from collections.abc import Sequence

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse

from accounts import links, mail
from accounts.languages import read_by
from accounts.models import User
from accounts.notifications import decoded
from messaging.models import is_group
from messaging.page.notifications import lines_of, new_messages, title_of
from messaging.page.peers import authors_among
from messaging.queries.notifications import Missed

MAX_CONVERSATIONS = 10  # that one mail names


def digest(user: User, news: Sequence[Missed]) -> EmailMultiAlternatives:
    """It shows as much as notifications do."""
    site, previews = settings.PUBLIC_URL, decoded(user.notifications).previews
    shown = [] if previews == "nothing" else news[:MAX_CONVERSATIONS]
    with read_by(user.pk):
        return mail.digest(
            user,
            count=len(news),
            chats=[_chat(each, shows_words=previews == "full") for each in shown],
            link=site + reverse("chats"),
            off=links.digest_off_link(site, user),
        )


def _chat(missed: Missed, *, shows_words: bool) -> mail.DigestChat:
    authors = authors_among({each.sender_id for each in missed.messages}, missed.mine.user_id)
    in_group = is_group(missed.mine.conversation_id)
    # What disappears would stay in the mail.
    lasting = [each for each in missed.messages if not each.expires_at]
    return {
        "name": title_of(missed, authors),
        "new": new_messages(missed),
        "lines": lines_of(lasting, authors if in_group else {}) if shows_words else [],
    }
