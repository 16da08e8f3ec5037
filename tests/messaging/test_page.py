"""Where the page opens a conversation: at what was not read yet."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from messaging.services.conversations import mark_read
from messaging.services.messages import delete_message
from tests.factories import make_message, make_messages, make_pair

pytestmark = pytest.mark.django_db
PageFor = Callable[[User], Client]

LINE = re.compile(r'<li class="(older|skipped|unread|message)[^>]*>')
SEQ = re.compile(r'data-seq="(\d+)"')


def lines(client: Client, peer: User, query: str = "") -> list[str]:
    """The numbers of the messages, and what lies between."""
    html = client.get(f"/chat/{peer.pk}{query}").content.decode().partition("<template")[0]
    return [seq[1] if (seq := SEQ.search(line[0])) else line[1] for line in re.finditer(LINE, html)]


def numbers(first: int, last: int) -> list[str]:
    return [str(number) for number in range(first, last + 1)]


def test_what_is_unread_begins_under_a_line(page_for: PageFor) -> None:
    ada, bo = make_pair()
    make_messages(ada, bo, 5)
    mark_read(user=bo, peer=ada.pk, seq=3)
    page = page_for(bo)
    assert lines(page, ada) == ["1", "2", "3", "unread", "4", "5"]
    assert lines(page, ada) == ["1", "2", "3", "unread", "4", "5"], "opening reads nothing"
    assert lines(page_for(ada), bo) == numbers(1, 5)


def test_the_first_unread_message_is_there_however_far_back(page_for: PageFor) -> None:
    ada, bo = make_pair()
    make_messages(ada, bo, 130)
    mark_read(user=bo, peer=ada.pk, seq=20)
    assert lines(page_for(bo), ada) == [
        *("older", *numbers(11, 20), "unread", *numbers(21, 60)),
        *("skipped", *numbers(81, 130)),
    ]
    mark_read(user=bo, peer=ada.pk, seq=50)
    assert lines(page_for(bo), ada) == ["older", *numbers(31, 50), "unread", *numbers(51, 130)]
    assert lines(page_for(bo), ada, "?before=61") == [
        *("older", *numbers(11, 50), "unread", *numbers(51, 60))
    ]


def test_deleted_messages_and_one_s_own_are_not_unread(page_for: PageFor) -> None:
    ada, bo = make_pair()
    make_message(bo, ada, "mine")
    sent = make_messages(ada, bo, 99)
    for message in sent[:30]:
        delete_message(user=ada, message_id=message.pk)
    assert lines(page_for(bo), ada) == [*numbers(1, 31), "unread", *numbers(32, 100)]
    for message in sent[30:]:
        delete_message(user=ada, message_id=message.pk)
    assert lines(page_for(bo), ada) == ["older", *numbers(51, 100)]
