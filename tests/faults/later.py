"""What is done later while servers fail: messages are sent at their time, and each new account
brings a mail.
"""

import asyncio
import random
import time
from collections import defaultdict
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import httpx

from tests.faults import evidence
from tests.faults.person import BROKEN, PATIENCE
from tests.faults.report import Report
from tests.faults.stage import SKEW, Stage

PASSWORD = "correct horse"
AT_ONCE = 3  # newcomers: to make one's account takes a while where servers fail
PAUSE = 0.3  # seconds between two of them
DELAY = 1  # seconds after which such a mail is sent at the earliest (EMAIL_DELAY_SECONDS)
WAIT = 150  # seconds for what is left: a job whose worker was killed is taken again after 60
KINDS = {"mail", "send_scheduled", "expire_messages", "export", "import"}


async def newcomers(site: Stage, is_over: asyncio.Event) -> None:
    """Several at a time, each until they are told that they have their account."""
    await asyncio.gather(*(_come(site, is_over) for _each in range(AT_ONCE)))


async def _come(site: Stage, is_over: asyncio.Event) -> None:
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{site.proxy.port}", timeout=PATIENCE
    ) as http:
        while not is_over.is_set():
            address = f"new{len(site.newcomers)}@example.org"
            site.newcomers[address] = time.time()
            account = {"fullName": "Newcomer", "email": address, "password": PASSWORD}
            status = 0
            # 400: they had it already, and the answer was lost.
            while status not in (201, 400):
                with suppress(*BROKEN):
                    status = (await http.post("/api/auth/signup", json=account)).status_code
                await asyncio.sleep(PAUSE)


def soon(chance: random.Random) -> datetime:
    """Not past by any worker's clock, and within the run."""
    return datetime.now(UTC) + timedelta(seconds=chance.uniform(SKEW + 3, SKEW + 8))


async def finish(site: Stage, report: Report) -> None:
    """Waits for what is due soon, and for what was taken by a worker that died."""
    left = await _left_at_last(site)
    report.left_behind = len(left)
    report.wrong += [f"a job was left behind: {kind} ({error})" for kind, error in left[:3]]


def check(site: Stage, report: Report) -> None:
    ids: dict[str, list[str]] = defaultdict(list)
    for mail, came in zip(site.mail.mails, site.mail.times, strict=True):
        ids[str(mail["To"])].append(str(mail["Message-ID"]))
        report.early += came < site.newcomers.get(str(mail["To"]), 0) + DELAY
    report.mails = len(site.newcomers)
    report.mails_sent = sum(address in ids for address in site.newcomers)
    for address in site.newcomers:
        report.mails_doubled += max(0, len({*ids[address]}) - 1)
        report.mails_again += len(ids[address]) - len({*ids[address]})


async def _left_at_last(site: Stage) -> list[tuple[str, str]]:
    deadline = time.monotonic() + WAIT
    while True:
        left = await asyncio.to_thread(evidence.jobs_left, site.database_url, KINDS)
        if not left or time.monotonic() > deadline:
            return left
        await asyncio.sleep(0.5)
