"""The short form: each fault once. `make soak` is the long one."""

import random
from pathlib import Path

import pytest

from tests.faults.person import Person
from tests.faults.run import MANY, ONE, Topology, run


@pytest.mark.timeout(600)  # seconds, on a machine that is busy with other tests
@pytest.mark.parametrize("topology", [MANY, ONE], ids=str)
async def test_nothing_is_lost_or_doubled(topology: Topology, tmp_path: Path) -> None:
    report = await run(topology, tmp_path, rounds=1, seed=1)
    print(f"\n{report}")  # noqa: T201  shown by `pytest -s`, and when it fails
    assert report.keeps_the_promise, str(report)
    assert report.sent > 20
    assert report.files > 5
    assert report.fetched > report.files
    assert report.reconnects > 0
    assert report.synced > 0
    assert report.mails > 5
    assert report.scheduled > 2
    assert report.fleeting > 5
    assert report.exported > 10
    assert report.imported > 10
    assert report.restored > 20


async def test_only_what_may_come_too_late_is_refused_without_a_complaint() -> None:
    person = Person("6" * 24, "token", 80, random.Random(1))
    for status in (429, 503, 403, 404):
        person._refuse({"clientMessageId": "late", "status": status, "message": ""})
    assert person.counts.wrong == []
    for status in (400, 409):
        person._refuse({"clientMessageId": "late", "status": status, "message": ""})
    assert len(person.counts.wrong) == 2
    await person.close()
