"""Backups of the site while its servers fail, and what comes back of the last one."""

import asyncio
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

from tests.environment import ROOT
from tests.faults import evidence
from tests.faults.evidence import Evidence
from tests.faults.person import Person
from tests.faults.report import Report
from tests.faults.stage import Stage
from tests.services import clock

PAUSE = 30  # seconds between two of them: each takes a processor for some
ELSEWHERE = ("S3_URL", "REDIS_URL")  # which the site that is brought back has not
LATER = 2 * 3600  # seconds, after which what belongs to nobody is removed


async def back_up(site: Stage, people: list[Person], is_over: asyncio.Event) -> None:
    """Again and again, until one was taken: a database or a store that is away ends them."""
    while not (is_over.is_set() and site.acknowledged):
        acknowledged = {key for person in people for key in person.acknowledged.values()}
        if acknowledged and await _managed(site, "backup", str(site.backups)):
            site.acknowledged = acknowledged
        try:
            await asyncio.wait_for(is_over.wait(), PAUSE)
        except TimeoutError:
            continue


async def restore(site: Stage) -> None:
    """The last one, beside the site: on SQLite, with its files on disk."""
    restored = await _managed(
        site,
        "restore",
        f"--from={site.backups}",
        DATABASE_URL=_address(site),
        MEDIA_ROOT=str(site.backups / "media"),
    )
    assert restored, f"see {site.backups}/log"


def check(site: Stage, people: list[Person], stored: Evidence, report: Report) -> None:
    """What was acknowledged before it was taken is in it, and nothing that never was."""
    restored = evidence.read(_address(site))
    report.restored = len(restored.messages)
    of_site = {each.key: each for each in stored.messages}
    for each in restored.messages:
        now = of_site.get(each.key)
        if now is None or (each.seq, each.sender) != (now.seq, now.sender):
            report.wrong.append(f"{each.key} is in the backup alone")
        elif not each.deleted and not now.deleted and each.text != now.text:
            report.wrong.append(f"{each.key} is another one in the backup")
    lost = site.acknowledged - {each.key for each in restored.messages}
    report.losses += len(lost)
    report.wrong += [f"{key} is not in the backup" for key in [*lost][:3]]
    sent = {file.name: file.digest for each in people for file in each.files.values()}
    for file in restored.files:
        path = site.backups / "media" / "attachments" / file.stored[:2] / file.stored
        data = path.read_bytes() if path.exists() else b""
        report.restored_files += 1
        if not data or sha256(data).hexdigest() != sent.get(file.name):
            report.wrong.append(f"{file.name} is not in the backup as it was sent")


async def tidy(site: Stage, report: Report) -> None:
    """After a while nothing is kept that belongs to nobody: what kills have left is gone."""
    await _managed(site, "tidy_attachments", **clock(LATER))
    known = {name for (name,) in evidence.rows(site.database_url, evidence.STORED)}
    left = await asyncio.to_thread(site.names) - known
    report.left_behind += len(left)
    report.wrong += [f"the file {name} belongs to nobody" for name in [*left][:3]]


async def _managed(site: Stage, *arguments: str, **variables: str) -> bool:
    return await asyncio.to_thread(lambda: _manage(site, *arguments, **variables))


def _manage(site: Stage, *arguments: str, **variables: str) -> bool:
    """Whether it did it."""
    environment = site.environment | variables
    if "DATABASE_URL" in variables:
        environment = {k: v for k, v in environment.items() if k not in ELSEWHERE}
    with Path(site.backups, "log").open("ab") as log:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    return done.returncode == 0


def _address(site: Stage) -> str:
    return f"sqlite:///{site.backups}/restored.sqlite3"
