"""Slow groups: how fast a member may write, and who need not wait."""

from datetime import timedelta

import pytest

from accounts.models import User
from chatsite.db import now
from chatsite.errors import DomainError
from messaging.models import Message
from messaging.services import groups
from messaging.services.drafts import new_draft
from messaging.services.edits import edit_message
from messaging.services.messages import Sent, send_message, send_together
from tests.factories import ApiFor, make_group, make_user

pytestmark = pytest.mark.django_db


def slow_group(seconds: int = 30) -> tuple[User, User, User, str]:
    """Its owner, an admin, a member, and its key."""
    ada, bo, cy = make_user("Ada"), make_user("Bo"), make_user("Cy")
    group = make_group(ada, bo, cy)
    groups.set_role(user=ada, group=group, person=bo.pk, role="admin")
    groups.change_group(user=bo, group=group, slow_seconds=seconds)
    return ada, bo, cy, group


def test_a_member_waits_and_others_do_not(api_for: ApiFor) -> None:
    ada, bo, cy, group = slow_group()
    first = send_message(sender=cy, peer=group, text="One", client_message_id="a")
    answer = api_for(cy).post(f"/api/messages/send/{group}", {"text": "Two"}, format="json")
    assert answer.status_code == 429
    assert answer.json()["message"].startswith("Slow mode: you can write again in ")
    assert set(answer.json()["errors"]) == {"slowSeconds"}
    assert 0 < int(answer["Retry-After"]) <= 30
    for person in (ada, bo, ada, bo):
        send_message(sender=person, peer=group, text="Admins")
    send_message(sender=cy, peer=bo.pk, text="Elsewhere")
    # The same once more is no second message; an edit is none either.
    again = send_message(sender=cy, peer=group, text="One", client_message_id="a")
    assert (again.record.id, again.created) == (first.record.id, False)
    edit_message(user=cy, message_id=first.record.id, text="One!")
    Message.objects.filter(pk=first.record.id).update(created_at=now() - timedelta(seconds=31))
    send_message(sender=cy, peer=group, text="Three")


def test_of_several_that_are_sent_at_once_the_first_goes() -> None:
    _ada, _bo, cy, group = slow_group()
    drafts = [new_draft(sender_id=cy.pk, receiver_id=group, text=str(n)) for n in range(3)]
    outcomes = send_together(drafts)
    assert [isinstance(each, Sent) for each in outcomes] == [True, False, False]
    refused = outcomes[1]
    assert isinstance(refused, DomainError)
    assert (refused.status, refused.wait) == (429, 30)


def test_admins_turn_it_on_and_off_and_it_is_told(api_for: ApiFor) -> None:
    ada, _bo, cy, group = slow_group()
    call = f"/api/groups/{group}"
    assert api_for(cy).patch(call, {"slowSeconds": 0}, format="json").status_code == 403
    for wrong in (-1, 3601, "x"):
        assert api_for(ada).patch(call, {"slowSeconds": wrong}, format="json").status_code == 400
    assert api_for(cy).get(call).json()["slowSeconds"] == 30
    assert api_for(ada).patch(call, {"slowSeconds": 0}, format="json").json()["slowSeconds"] == 0
    for _number in range(2):
        send_message(sender=cy, peer=group, text="As before")
    told = [each.details for each in Message.objects.filter(kind="system").order_by("seq")]
    assert ['"slowed"' in each for each in told][-2:] == [True, False]
    assert '"unslowed"' in told[-1]
