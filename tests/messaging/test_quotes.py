"""What the page tells of messages that replies answer: nothing that its reader cannot see."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from messaging.services.groups import add_members, remove_member
from messaging.services.messages import delete_message, send_message
from tests.factories import make_group, make_message, make_pair, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.database]
PageFor = Callable[[User], Client]


def quotes(client: Client, peer: str, *keys: str) -> list[dict[str, Any]]:
    answer = client.get(f"/chat/{peer}/quotes?ids={','.join(keys)}")
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()
    return found


def test_both_read_what_was_said(page_for: PageFor) -> None:
    ada, bo = make_pair()
    message = make_message(ada, bo)
    quote = {
        "_id": message.pk,
        "seq": 1,
        "senderId": ada.pk,
        "system": False,
        "deleted": False,
        "text": message.text,
        "picture": "",
        "expiresAt": None,
    }
    assert quotes(page_for(ada), bo.pk, message.pk) == [quote]
    assert quotes(page_for(bo), ada.pk, message.pk, "nonsense", "0" * 24) == [quote]


def test_of_a_long_text_its_beginning(page_for: PageFor) -> None:
    ada, bo = make_pair()
    message = make_message(ada, bo, text="é👋" * 500)
    assert quotes(page_for(bo), ada.pk, message.pk)[0]["text"] == "é👋" * 100


def test_a_deleted_one_says_only_that(page_for: PageFor) -> None:
    ada, bo = make_pair()
    message = make_message(ada, bo, text="A slip")
    answer = make_message(bo, ada)
    send_message(sender=bo, peer=ada.pk, text="What?", reply_to=message.pk)
    delete_message(user=ada, message_id=message.pk)
    [quote] = quotes(page_for(bo), ada.pk, message.pk)
    assert (quote["deleted"], quote["text"], quote["picture"]) == (True, "", "")
    html = page_for(bo).get(f"/chat/{ada.pk}?before={answer.seq + 2}").content.decode()
    assert 'data-kind="deleted"' in html
    assert message.text not in html.partition("<template")[0].partition("<message-list")[2]


def test_nothing_of_other_conversations(page_for: PageFor) -> None:
    ada, bo = make_pair()
    cleo = make_user("Cleo")
    message, own = make_message(ada, bo), make_message(ada, cleo)
    assert quotes(page_for(cleo), ada.pk, message.pk) == []
    assert quotes(page_for(ada), cleo.pk, message.pk) == []
    assert len(quotes(page_for(cleo), ada.pk, own.pk)) == 1
    group = make_group(ada, bo)
    assert page_for(cleo).get(f"/chat/{group}/quotes?ids={message.pk}").status_code == 404
    assert page_for(ada).post(f"/chat/{bo.pk}/quotes").status_code == 405


def test_nothing_from_before_somebody_came_or_after_they_went(page_for: PageFor) -> None:
    ada, bo = make_pair()
    cleo = make_user("Cleo")
    group = make_group(ada, bo)
    before = send_message(sender=ada, peer=group, text="Between us").record
    add_members(user=ada, group=group, people=[cleo.pk])
    during = send_message(sender=ada, peer=group, text="Hi", reply_to=before.id).record
    remove_member(user=ada, group=group, person=cleo.pk)
    after = send_message(sender=ada, peer=group, text="Phew").record
    keys = [before.id, during.id, after.id]

    assert [each["_id"] for each in quotes(page_for(cleo), group, *keys)] == [during.id]
    assert len(quotes(page_for(bo), group, *keys)) == 3
    html = page_for(cleo).get(f"/chat/{group}").content.decode()
    assert 'data-kind="unseen"' in html
    assert "Between us" not in html
    assert "Between us" in page_for(bo).get(f"/chat/{group}").content.decode()


def test_replies_to_what_is_on_the_page_cost_no_query(page_for: PageFor) -> None:
    ada, bo = make_pair()
    first = make_message(ada, bo)
    client = page_for(bo)
    asked = []
    for reply_to in ("", first.pk, first.pk):
        send_message(sender=bo, peer=ada.pk, text="Yes", reply_to=reply_to)
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/chat/{ada.pk}/older")
        asked.append(len(queries))
    assert len(set(asked)) == 1, asked
