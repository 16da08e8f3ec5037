"""Jobs: made in the transaction of what they are for, and done at least once after it."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import IntegrityError

from chatsite.db import atomic, now, on_commit, repeatable
from scheduler import wakeup
from scheduler.models import Job
from scheduler.registry import KINDS

UNTRIED = {"claim": "", "attempts": 0, "error": ""}


def schedule(
    kind: str, *, name: str | None = None, run_at: datetime | None = None, **payload: Any
) -> None:
    """Has the work of this kind done at `run_at`, or as soon as the transaction is committed.

    A job of the same name gets this time and payload, and its tries begin anew, also while it
    runs: then it runs once more.
    """
    values = _values(kind, payload, run_at)
    if name is None:
        Job.objects.create(**values)
    elif not (_changed(name, values) or _made(name, values)):
        _changed(name, values)  # which somebody else just made
    on_commit(wakeup.event.set)


def schedule_all(kind: str, payloads: Iterable[dict[str, Any]]) -> None:
    """As `schedule` for each, by one statement."""
    if jobs := [Job(**_values(kind, payload)) for payload in payloads]:
        Job.objects.bulk_create(jobs)
        on_commit(wakeup.event.set)


def schedule_unless_waiting(
    kind: str, *, name: str, run_at: datetime | None = None, **payload: Any
) -> None:
    """As `schedule`, but a job of the same name that waits already is left as it is; it begins
    after the transaction in which this is called.
    """
    # Written, so that nobody takes it before the commit.
    if not Job.objects.filter(name=name, claim="", run_at__isnull=False).update(claim=""):
        schedule(kind, name=name, run_at=run_at, **payload)


def cancel(name: str) -> bool:
    """Whether there was such a job. One that runs already goes on to its end."""
    return bool(Job.objects.filter(name=name).delete()[0])


def run_now(job: Job) -> None:
    """Once more from the beginning, whatever became of it."""
    Job.objects.filter(pk=job.pk).update(run_at=now(), **UNTRIED)
    on_commit(wakeup.event.set)


def ensure_recurring() -> None:
    """One job for each kind that has one all the time."""
    wanted = {kind.name for kind in KINDS.values() if kind.every}
    there = Job.objects.filter(name__in=wanted).values_list("name", flat=True)
    for name in wanted.difference(there):
        _made(name, {"kind": name, "payload": "{}", "run_at": now()})


def _values(kind: str, payload: dict[str, Any], run_at: datetime | None = None) -> dict[str, Any]:
    return {
        "kind": KINDS[kind].name,
        "payload": json.dumps(payload),
        "run_at": run_at or now(),
        **UNTRIED,
    }


def _changed(name: str, values: dict[str, Any]) -> bool:
    return bool(Job.objects.filter(name=name).update(**values))


@repeatable
def _made(name: str, values: dict[str, Any]) -> bool:
    """Whether there was none of that name."""
    try:
        with atomic():
            Job.objects.create(name=name, **values)
    except IntegrityError:
        return False
    return True
