"""Afterwards: everybody must hold what the database holds, and see who is there."""

import asyncio
import itertools
import time

from tests.faults import evidence
from tests.faults.evidence import Evidence, Stored
from tests.faults.person import Person
from tests.faults.report import Report
from tests.faults.stage import Stage

PATIENCE = 60  # seconds for presence to come right; how long it took is in the report


async def check(site: Stage, people: list[Person], report: Report) -> None:
    stored = await asyncio.to_thread(evidence.read, site.database_url)
    for person in people:
        _count(person, report)
        _check_acknowledged(person, stored, report)
        for peer in people:
            if peer is not person:
                _check_conversation(person, peer, stored, report)
                _check_marks(person, peer, stored, report)
    report.stored = len(stored.messages)
    _check_order(stored, report)
    await _check_presence(site, people, report)


def _count(person: Person, report: Report) -> None:
    counts = person.counts
    report.sent += counts.sent
    report.tries += counts.tries
    report.acknowledged += counts.acknowledged
    report.deleted += counts.deleted
    report.frames += counts.frames
    report.repeated += counts.repeated
    report.synced += counts.synced
    report.reconnects += counts.reconnects
    report.closes += counts.closes
    report.answers += counts.answers
    report.wrong += counts.wrong
    report.received += sum(m["senderId"] != person.key for m in person.messages.values())


def _check_acknowledged(person: Person, stored: Evidence, report: Report) -> None:
    """What was acknowledged is stored, under the key that the answer named, and once."""
    mine = [message for message in stored.messages if message.sender == person.key]
    by_client_id = {message.client_id: message.key for message in mine}
    report.duplicates += len(mine) - len(by_client_id)
    for client_id, key in person.acknowledged.items():
        if by_client_id.get(client_id) != key:
            report.losses += 1
            report.wrong.append(f"acknowledged, but not stored: {client_id} as {key}")


def _check_conversation(person: Person, peer: Person, stored: Evidence, report: Report) -> None:
    held = person.conversation(peer.key)
    there = [_line(message) for message in stored.conversation(person.key, peer.key)]
    if held == there:
        return
    report.losses += len({line[1] for line in there} - {line[1] for line in held})
    difference = list({*held} ^ {*there})
    report.wrong.append(f"{person.key} holds another conversation: {difference[:3]}")


def _line(message: Stored) -> tuple[int, str, str | None, bool]:
    return message.seq, message.key, None if message.deleted else message.text, message.deleted


def _check_marks(person: Person, peer: Person, stored: Evidence, report: Report) -> None:
    mark = stored.mark(person.key, peer.key)
    if mark < person.marks.get(peer.key, 0):
        report.wrong.append(f"{person.key}'s mark was lowered to {mark}")
    if peer.peer_marks.get(person.key, 0) != mark:
        report.wrong.append(
            f"{peer.key} believes {peer.peer_marks.get(person.key)} was read, not {mark}"
        )
    unread = sum(
        message.seq > mark and message.sender == peer.key and not message.deleted
        for message in stored.conversation(person.key, peer.key)
    )
    if person.unread.get(peer.key, 0) != min(unread, 100):
        report.wrong.append(f"{person.key} sees {person.unread.get(peer.key)} unread, not {unread}")


def _check_order(stored: Evidence, report: Report) -> None:
    """`seq` counts 1, 2, 3 … in every conversation."""
    for key, messages in itertools.groupby(stored.messages, lambda message: message.conversation):
        numbers = [message.seq for message in messages]
        if numbers != list(range(1, len(numbers) + 1)):
            report.wrong.append(f"{key} is not numbered without gaps")


async def _check_presence(site: Stage, people: list[Person], report: Report) -> None:
    """One goes for good together with the worker; the others learn that, and see each other."""
    gone, *others = people
    await gone.leave()
    gone.port = site.workers[0].port
    await gone.arrive()
    await _until_online(others, {person.key for person in people}, report)
    began = time.monotonic()
    gone.vanish()
    site.workers[0].kill()
    if site.workers[1:] == []:
        await asyncio.to_thread(site.workers[0].start)
    await _until_online(others, {person.key for person in others}, report)
    report.presence_seconds = time.monotonic() - began


async def _until_online(people: list[Person], expected: set[str], report: Report) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            while any(person.online != expected for person in people):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
    except TimeoutError:
        wrong = [person for person in people if person.online != expected]
        report.wrong += [f"{person.key} sees {sorted(person.online)} online" for person in wrong]
