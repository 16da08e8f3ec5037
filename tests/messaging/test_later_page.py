"""What the page shows of what waits: to its writer alone, in their zone."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from accounts.models import User
from chatsite.db import now
from messaging.models import ScheduledMessage, saved_key
from messaging.presence import leases
from messaging.services.privacy import change_privacy
from messaging.services.reminders import set_reminder
from messaging.services.scheduled import schedule_message
from tests.factories import make_group, make_message, make_pair, make_user

PageFor = Callable[[User], Client]
pytestmark = pytest.mark.django_db


def plan(sender: User, peer: str, text: str, **fields: Any) -> ScheduledMessage:
    fields = fields or {"send_at": now() + timedelta(hours=1)}
    return schedule_message(user=sender, peer=peer, text=text, **fields)[0]


def line(page: Client, peer: str) -> str:
    return str(page.get(f"/chat/{peer}").context["later"])


def test_a_line_says_what_waits_in_the_chat_and_the_list_which(page_for: PageFor) -> None:
    ada, bo = make_pair()
    cy = make_user("Cy")
    page, other = page_for(ada), page_for(bo)
    assert (line(page, bo.pk), other.get("/").context["later_state"]) == ("", "")
    plan(ada, bo.pk, "First")
    refused, late = plan(ada, bo.pk, "Second"), plan(ada, bo.pk, "Third")
    plan(ada, cy.pk, "Elsewhere")
    ScheduledMessage.objects.filter(pk=refused.pk).update(error="No room")
    ScheduledMessage.objects.filter(pk=late.pk).update(message="0" * 24)
    set_reminder(
        user=ada, message_id=make_message(bo, ada, "Milk").pk, remind_at=now() + timedelta(days=1)
    )
    assert line(page, bo.pk) == "1 scheduled · 1 not sent · 1 sent late"
    assert line(page, saved_key(ada.pk)) == "2 scheduled · 1 not sent · 1 sent late · 1 reminder"
    assert page.get("/").context["later_state"] == "waits"
    here, all_of_it = (page.get("/later", {"peer": key}).content.decode() for key in (bo.pk, ""))
    for text in ("First", "Second", "Not sent. No room", "Sent late"):
        assert text in here
    assert ("Elsewhere" in here, "Elsewhere" in all_of_it) == (False, True)
    assert ("Milk" in here, "Milk" in all_of_it) == (False, True)
    assert line(other, ada.pk) == ""
    assert "First" not in other.get("/later").content.decode()
    assert other.get("/later", {"peer": "0" * 24}).status_code == 404


def test_times_are_of_the_reader_s_zone_on_either_side_of_a_change_of_clocks(
    page_for: PageFor,
) -> None:
    ada, bo = make_pair()
    zone = ZoneInfo("Europe/Berlin")
    page = page_for(ada)
    page.cookies["tz"] = "Europe/Berlin"
    for month in (1, 7):
        year = now().year + ((now().month, now().day) >= (month, 10))
        at = datetime(year, month, 10, 9, tzinfo=zone)
        plan(ada, bo.pk, "Nine", send_at=at.astimezone(UTC))
    listed = page.get("/later").content.decode()
    assert listed.count("09:00</time>") == 2


def test_to_wait_for_somebody_is_offered_where_one_sees_them_come(page_for: PageFor) -> None:
    ada, bo = make_pair()
    page = page_for(ada)

    def is_offered(peer: str) -> bool:
        return bool(page.get(f"/chat/{peer}/later").context["is_awaited"])

    assert is_offered(bo.pk)
    assert not is_offered(make_group(ada, bo))
    assert not is_offered(saved_key(ada.pk))
    leases().came(bo.pk)
    assert not is_offered(bo.pk)
    leases().went(bo.pk)
    assert is_offered(bo.pk)


@pytest.mark.django_db(transaction=True)
def test_to_wait_for_who_hides_it_is_not_offered(page_for: PageFor) -> None:
    ada, bo = make_pair()
    change_privacy(user=bo, online="nobody")
    assert not page_for(ada).get(f"/chat/{bo.pk}/later").context["is_awaited"]


def test_strangers_groups_have_no_such_dialogs(page_for: PageFor) -> None:
    ada, bo = make_pair()
    group = make_group(bo)
    for path in ("later", "remind", "scheduled"):
        assert page_for(ada).get(f"/chat/{group}/{path}").status_code == 404
        assert page_for(ada).get(f"/chat/{bo.pk}/{path}").status_code == 200
        assert Client().get(f"/chat/{bo.pk}/{path}").status_code == 302
