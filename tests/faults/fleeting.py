"""Messages that disappear while servers fail: on time by every way, none early, and nothing of them
is left.
"""

import asyncio
import random
import time
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import uuid4

import httpx

from tests.faults import evidence
from tests.faults.evidence import conversation_key
from tests.faults.files import some_file
from tests.faults.person import Message, Person
from tests.faults.report import Report
from tests.faults.stage import SKEW, Stage

LIFETIME = 10  # seconds: the shortest that people may choose (`CHOSEN`) would outlast a run
CHOSEN = 60
PAUSE = 1  # second between two of them, which are looked for by every way
ENOUGH = 6  # of them, however slow the machine is
WORD = "fleeting"  # in each of them
WITH_FILE = 0.3
STORED = """
    SELECT a.stored FROM messaging_attachment a
    JOIN messaging_message m ON m._id = a.message_id WHERE m.expires_at IS NOT NULL
"""
WAITING = "SELECT payload FROM scheduler_job WHERE kind = 'remove_files'"


class Reader(Person):
    """Looks in every answer for what was over when it was asked for."""

    def __init__(self, *who: Any) -> None:
        super().__init__(*who)
        self.ends: dict[str, float] = {}  # text → when it disappears
        self.urls: dict[str, float] = {}  # the same of files
        self._page = {"Cookie": f"jwt={who[1]}"}
        self.late: list[str] = []
        self.early: list[str] = []

    async def _answer(self, method: str, path: str, **options: Any) -> httpx.Response:
        asked = time.time()
        response = await super()._answer(method, path, **options)
        kind = response.headers.get("Content-Type", "")
        if "text" in kind or "json" in kind:
            over = [text for text, end in self.ends.items() if end < asked]
            self.late += [f"{path} had {text!r}" for text in over if text in response.text]
        return response

    def _apply(self, message: Message) -> None:
        super()._apply(message)
        if message.get("expiresAt") and not message["deleted"]:
            end = datetime.fromisoformat(message["expiresAt"]).timestamp()
            self.ends[message["text"]] = end
            self.urls |= {each["url"]: end for each in message.get("attachments", ())}

    async def look(self, peer: str) -> None:
        """By each way."""
        known = dict(self.ends)
        there = {text for _seq, _key, text, _deleted in await self.history(peer)}
        # Each worker may be that much ahead.
        lasting = {text for text, end in known.items() if end - SKEW > time.time()}
        self.early += [f"{text!r} was gone before its time" for text in lasting - there]
        for path in (f"/api/search?q={WORD}", "/api/messages/chats", f"/chat/{peer}"):
            answer = await self.insist("GET", path, headers=self._page)
            assert answer.status_code == httpx.codes.OK, path
        over = [url for url, end in self.urls.items() if end < time.time()]
        for url in over[-1:]:
            if (await self.insist("GET", url, known={404})).is_success:
                self.late.append(f"{url} was there")


async def begin(site: Stage, one: Reader, other: Reader) -> None:
    await one.say(other.key, "Hello")
    path = f"/api/messages/disappearing/{other.key}"
    await one.insist("PUT", path, json={"seconds": CHOSEN})
    key = conversation_key(one.key, other.key)
    evidence.change(
        site.database_url,
        f"UPDATE messaging_conversation SET disappear_after = {LIFETIME} WHERE key = '{key}'",
    )


async def talk(
    site: Stage, one: Reader, other: Reader, is_over: asyncio.Event, chance: random.Random
) -> None:
    while not is_over.is_set() or len(one.ends | other.ends) < ENOUGH:
        file = some_file(chance) if chance.random() < WITH_FILE else None
        await one.say(other.key, f"{WORD} {uuid4().hex}", file)
        with suppress(*evidence.AWAY):
            found = await asyncio.to_thread(evidence.rows, site.database_url, STORED)
            site.fleeting |= {stored for (stored,) in found}
        await other.look(one.key)
        one, other = other, one
        await asyncio.sleep(PAUSE)


async def finish(one: Reader, other: Reader) -> None:
    """Until the last of them is over, and was asked for."""
    last = max([*one.ends.values(), *other.ends.values()], default=0)
    await asyncio.sleep(max(0, last - time.time()) + 1)
    for reader, peer in ((one, other), (other, one)):
        await reader.look(peer.key)


async def check(site: Stage, one: Reader, other: Reader, report: Report) -> None:
    """Once the jobs are done, but for those that remove files, which wait for a minute."""
    ends = one.ends | other.ends
    report.fleeting = len(ends)
    late, early = one.late + other.late, one.early + other.early
    report.seen_late, report.early = len(late), report.early + len(early)
    left = evidence.rows(site.database_url, evidence.LEFT.format(word=WORD))
    waiting = str(evidence.rows(site.database_url, WAITING))
    files = [name for name in site.fleeting if name not in waiting]
    kept = [name for name in files if await asyncio.to_thread(site.file, name) is not None]
    report.fleeting_files = len(files)
    report.left_behind += len(left) + len(kept)
    report.wrong += [*late, *early, *(f"{key} is left of a message" for (key,) in left)][:20]
    report.wrong += [f"the file {name} is left of a message" for name in kept]
