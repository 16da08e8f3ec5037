"""When people were last online."""

from datetime import datetime, timedelta
from threading import Event

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.services import last_seen
from accounts.services.last_seen import (
    CHUNK,
    drop_queued,
    last_online_queue,
    queue_online,
    record_online,
)
from chatsite.db import now
from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 20


def seen(user: User) -> datetime | None:
    return User.objects.get(pk=user.pk).last_seen_at


def test_who_is_noted_is_written_together_with_others_and_nobody_else() -> None:
    people = [make_user(f"Person {number}") for number in range(5)]
    absent = make_user("Absent")
    for person in people:
        queue_online([person.pk])
    assert last_online_queue.wait(PATIENCE)
    [moment] = {seen(person) for person in people}  # one moment, by one statement
    assert moment is not None
    assert seen(absent) is None


def test_many_are_few_statements() -> None:
    with CaptureQueriesContext(connection) as queries:
        record_online([f"{number:024x}" for number in range(3 * CHUNK)])
    assert len(queries) == 3 * len(["BEGIN", "SELECT", "UPDATE", "COMMIT"])


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="only there a row is locked")
def test_rows_are_locked_in_the_order_in_which_others_lock_them() -> None:
    people = [make_user().pk, make_user().pk]
    with CaptureQueriesContext(connection) as queries:
        record_online(people)
    lock = queries[1]["sql"]
    assert lock.endswith("ORDER BY 1 ASC FOR NO KEY UPDATE")


def test_who_was_online_while_the_database_was_away_is_written_when_it_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gone, back = make_user(), make_user()
    is_tried, record = Event(), last_seen.record_online

    def refuse(keys: list[str], moment: datetime | None = None) -> None:
        is_tried.set()
        raise OperationalError

    monkeypatch.setattr(last_seen, "PAUSE", 0)
    monkeypatch.setattr(last_seen, "record_online", refuse)
    queue_online([gone.pk, back.pk])
    assert is_tried.wait(PATIENCE)
    then = now()
    User.objects.filter(pk=back.pk).update(last_seen_at=then + timedelta(hours=1))
    monkeypatch.setattr(last_seen, "record_online", record)
    assert last_online_queue.wait(PATIENCE)
    moment = seen(gone)
    assert moment
    assert abs(moment - then) < timedelta(minutes=1)
    assert seen(back) == then + timedelta(hours=1)  # by another worker, since


def test_who_is_forgotten_is_not_written() -> None:
    person = make_user()
    queue_online([person.pk])
    drop_queued()
    assert last_online_queue.wait(PATIENCE)
    assert seen(person) is None
