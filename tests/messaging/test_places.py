"""Where a day begins in a conversation: for those who were there, whoever else wrote meanwhile."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from messaging.models import Conversation, Message, direct_key
from messaging.queries.history import first_since
from messaging.services.groups import add_members, remove_member
from messaging.services.messages import delete_message, send_message
from tests.factories import make_group, make_message, make_messages, make_pair, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.database]
PageFor = Callable[[User], Client]
MONDAY = datetime(2026, 3, 2, 8, tzinfo=UTC)


def spread(messages: list[Message], step: timedelta = timedelta(days=1)) -> None:
    """From Monday on, one every so often."""
    for number, message in enumerate(messages):
        Message.objects.filter(pk=message.pk).update(created_at=MONDAY + number * step)


def since(client: Client, peer: str, day: str) -> Any:
    answer = client.get(f"/chat/{peer}/since?date={day}")
    assert answer.status_code == 200
    return answer.json()


def test_the_first_message_since_that_day(page_for: PageFor) -> None:
    ada, bo = make_pair()
    messages = make_messages(ada, bo, 9)
    spread(messages, timedelta(hours=36))  # none on some days
    for client, peer in ((page_for(ada), bo), (page_for(bo), ada)):
        for day, number in (("2026-03-02", 0), ("2026-03-03", 1), ("2026-03-05", 2)):
            found = since(client, peer.pk, day)
            assert found == {"_id": messages[number].pk, "seq": number + 1}


def test_before_all_is_the_first_one_and_after_all_the_newest(page_for: PageFor) -> None:
    ada, bo = make_pair()
    messages = make_messages(ada, bo, 4)
    spread(messages)
    assert since(page_for(bo), ada.pk, "0001-01-01")["seq"] == 1
    assert since(page_for(bo), ada.pk, "2026-03-20")["seq"] == 4
    assert since(page_for(bo), ada.pk, "9999-12-31")["seq"] == 4


@pytest.mark.parametrize(("zone", "seq"), [("Asia/Tokyo", 3), ("Pacific/Kiritimati", 2)])
def test_a_day_begins_where_the_reader_is(page_for: PageFor, zone: str, seq: int) -> None:
    ada, bo = make_pair()
    spread(make_messages(ada, bo, 3), timedelta(hours=6))  # in Tokyo at 17, 23 and 5 o'clock
    client = page_for(bo)
    client.cookies["tz"] = zone
    assert since(client, ada.pk, "2026-03-03")["seq"] == seq


def test_a_deleted_message_keeps_its_place(page_for: PageFor) -> None:
    ada, bo = make_pair()
    messages = make_messages(ada, bo, 3)
    spread(messages)
    delete_message(user=ada, message_id=messages[1].pk)
    assert since(page_for(bo), ada.pk, "2026-03-03")["seq"] == 2


def test_nothing_was_said_yet(page_for: PageFor) -> None:
    ada, bo = make_pair()
    assert since(page_for(ada), bo.pk, "2026-03-03") is None


@pytest.mark.parametrize("day", ["", "yesterday", "2026-13-01", "2026-02-30", "20260301x"])
def test_what_is_no_day_is_not_found(page_for: PageFor, day: str) -> None:
    ada, bo = make_pair()
    assert page_for(ada).get(f"/chat/{bo.pk}/since?date={day}").status_code == 404


def test_it_is_for_those_who_are_signed_in_and_reads_only(
    client: Client, page_for: PageFor
) -> None:
    ada, bo = make_pair()
    assert client.get(f"/chat/{bo.pk}/since?date=2026-03-02").status_code == 302
    assert page_for(ada).post(f"/chat/{bo.pk}/since?date=2026-03-02").status_code == 405


def test_a_third_person_learns_nothing(page_for: PageFor) -> None:
    ada, bo = make_pair()
    make_messages(ada, bo, 3)
    group = make_group(ada, bo)
    cy = page_for(make_user("Cy Weber"))
    assert since(cy, bo.pk, "2026-03-02") is None
    assert cy.get(f"/chat/{group}/since?date=2026-03-02").status_code == 404


def test_in_a_group_only_what_one_was_there_for_counts(page_for: PageFor) -> None:
    ada, bo, cy = make_user(), make_user("Bo Okonkwo"), make_user("Cy Weber")
    group = make_group(ada, bo, shows_history=False)
    send_message(sender=ada, peer=group, text="Hello")
    add_members(user=ada, group=group, people=[cy.pk])
    send_message(sender=ada, peer=group, text="Hello")
    remove_member(user=ada, group=group, person=cy.pk)
    send_message(sender=ada, peer=group, text="Hello")
    add_members(user=ada, group=group, people=[cy.pk])
    send_message(sender=ada, peer=group, text="Hello")
    everything = list(Message.objects.filter(conversation_id=group).order_by("seq"))
    spread(everything)
    seen = [seq for seq in range(1, len(everything) + 1) if _sees(page_for(cy), group, seq)]
    assert 0 < len(seen) < len(everything)
    for number in range(len(everything)):
        day = (MONDAY + timedelta(days=number)).date().isoformat()
        later = [seq for seq in seen if seq > number]
        assert since(page_for(cy), group, day)["seq"] == (later or seen[-1:])[0]


def _sees(client: Client, group: str, seq: int) -> bool:
    key = Message.objects.get(conversation_id=group, seq=seq).pk
    return bool(client.get(f"/chat/{group}/quotes?ids={key}").json())


def test_among_a_million_messages_it_takes_a_few_steps(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    """By the index of `seq`: each step reads one row."""
    ada, bo = make_pair()
    make_message(ada, bo)
    conversation = Conversation.objects.get(key=direct_key(ada.pk, bo.pk))
    Message.objects.bulk_create(
        Message(
            conversation=conversation,
            sender=ada,
            seq=number * 10_000,
            created_at=MONDAY + timedelta(days=number),
        )
        for number in range(1, 101)
    )
    Message.objects.filter(seq=1).update(created_at=MONDAY)
    with django_assert_max_num_queries(25):
        found = first_since(bo, ada.pk, MONDAY + timedelta(days=70))
    assert found
    assert found[1] == 700_000
