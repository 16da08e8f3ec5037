"""Afterwards: everybody must hold what the database holds, and see who is there."""

import asyncio
import itertools
import time
from collections.abc import Sequence
from hashlib import sha256

from tests.faults.evidence import Evidence, Seen
from tests.faults.files import File
from tests.faults.person import Line, Message, Person
from tests.faults.report import Report
from tests.faults.stage import Stage

SHOWN = 100  # unread messages, above which nobody counts
PATIENCE = 60  # seconds for presence to come right; how long it took is in the report


async def check(
    site: Stage, people: list[Person], others: Sequence[Person], stored: Evidence, report: Report
) -> None:
    """`others` have a chat of their own, which is looked at elsewhere."""
    for person in others:
        _count(person, report)
        report.files -= person.counts.files
        _check_acknowledged(person, stored, report)
    groups = [person.owns for person in people if person.owns]
    for person in people:
        _count(person, report)
        _check_acknowledged(person, stored, report)
        peers = [peer.key for peer in people if peer is not person]
        seen = {peer: stored.seen(person.key, peer) for peer in peers + groups}
        for peer in seen:
            history = await person.history(peer)
            _check_conversation(person, peer, seen[peer], history, report)
            _check_unread(person, peer, stored, seen[peer], report)
        await _check_files(person, people, site, stored, report)
        for other in people:
            if other is not person:
                _check_marks(person, other, stored, report)
        _check_strangers(person, seen, stored, report)
        _check_scheduled(person, people, stored, report)
    ours = [m for m in stored.messages if not (m.was_scheduled or m.was_imported)]
    report.stored = sum(not m.details for m in ours)
    report.changes_of_members = stored.changes_of_members
    _check_order(stored, report)
    await _check_presence(site, people, report)


def _count(person: Person, report: Report) -> None:
    counts = person.counts
    report.sent += counts.sent
    report.refused += counts.refused
    report.tries += counts.tries
    report.acknowledged += counts.acknowledged
    report.deleted += counts.deleted
    report.files += counts.files
    report.resumed += counts.resumed
    report.frames += counts.frames
    report.repeated += counts.repeated
    report.synced += counts.synced
    report.reconnects += counts.reconnects
    report.closes += counts.closes
    report.answers += counts.answers
    report.wrong += counts.wrong


def _check_acknowledged(person: Person, stored: Evidence, report: Report) -> None:
    """What was acknowledged is stored, under the key that the answer named, and once."""
    mine = [m for m in stored.messages if m.sender == person.key and not m.details]
    by_client_id = {message.client_id: message.key for message in mine}
    report.duplicates += len(mine) - len(by_client_id)
    for client_id, key in person.acknowledged.items():
        if by_client_id.get(client_id) != key:
            report.losses += 1
            report.wrong.append(f"acknowledged, but not stored: {client_id} as {key}")


def _check_scheduled(
    person: Person, people: list[Person], stored: Evidence, report: Report
) -> None:
    """What is sent later is there once, and with nobody before its time."""
    for text, scheduled in person.scheduled.items():
        count = sum(m.text == text and not m.was_imported for m in stored.messages)
        report.scheduled_doubled += max(0, count - 1)
        if scheduled.is_sure:
            report.scheduled += 1
            report.scheduled_sent += count > 0
        for reader in people:
            if reader.arrived.get(text, scheduled.send_at) < scheduled.send_at:
                report.early += 1
                report.wrong.append(f"{reader.key} had {text!r} before its time")


async def _check_files(
    person: Person, people: list[Person], site: Stage, stored: Evidence, report: Report
) -> None:
    """What was acknowledged with a file has it whole, and once; everybody who sees it gets it."""
    for client_id, file in person.files.items():
        found = [f for f in stored.files if f.name == file.name and not f.was_imported]
        report.files_doubled += max(0, len(found) - 1)
        key = person.acknowledged[client_id]
        if [each.message for each in found] != [key]:
            report.wrong.append(f"{key} has not the one file {file.name}: {found}")
            continue
        kept = await asyncio.to_thread(site.file, found[0].stored)
        if kept is None or sha256(kept).hexdigest() != file.digest:
            report.wrong.append(f"{file.name} is not stored as it was sent")
            continue
        report.files_whole += 1
        for other in people:
            if message := other.messages.get(key):
                await _check_fetched(other, message, file, report)


async def _check_fetched(reader: Person, message: Message, file: File, report: Report) -> None:
    if message["deleted"]:
        return
    names = [each["name"] for each in message["attachments"]]
    fetched = [await reader.fetch(each["url"]) for each in message["attachments"]]
    if names != [file.name] or fetched != [file.data]:
        report.wrong.append(f"{reader.key} does not get {file.name} as it was sent: {names}")
        return
    report.fetched += 1


def _check_conversation(
    person: Person, peer: str, seen: Seen, history: list[Line], report: Report
) -> None:
    """What came live or by sync, and what is shown to who opens it now."""
    held, told = {*person.conversation(peer)}, {message.line for message in seen.told}
    report.due += len(told)
    report.received += len(told & held)
    report.losses += len({message.key for message in seen.told} - {line[1] for line in held})
    # Of what was there before they came, they may have been told that it changed.
    if wrong := told - held or held - told - {message.line for message in seen.earlier}:
        report.wrong.append(f"{person.key} does not hold {peer} as it is: {[*wrong][:3]}")
    there = [message.line for message in seen.visible if not message.deleted]
    report.losses += len({*there} - {*history})
    report.duplicates += len(history) - len({*history})
    if history != there:
        wrong = {*history} ^ {*there}
        report.wrong.append(f"{person.key} is not shown {peer} as it is: {[*wrong][:3]}")


def _check_strangers(
    person: Person, seen: dict[str, Seen], stored: Evidence, report: Report
) -> None:
    """Nobody hears as much as the key of a message that they may not see, by whatever way."""
    theirs = {message.key for each in seen.values() for message in each.visible}
    strange = [m for m in stored.messages if m.key in person.heard and m.key not in theirs]
    report.seen_by_strangers += len(strange)
    report.wrong += [f"{person.key} has heard of {message}" for message in strange[:3]]


def _check_marks(person: Person, peer: Person, stored: Evidence, report: Report) -> None:
    mark = stored.mark(person.key, peer.key)
    if peer.peer_marks.get(person.key, 0) != mark:
        report.wrong.append(
            f"{peer.key} believes {peer.peer_marks.get(person.key)} was read, not {mark}"
        )


def _check_unread(person: Person, peer: str, stored: Evidence, seen: Seen, report: Report) -> None:
    mark = stored.mark(person.key, peer)
    if mark < person.marks.get(peer, 0):
        report.wrong.append(f"{person.key}'s mark in {peer} was lowered to {mark}")
    unread = sum(message.seq > mark and not message.deleted for message in seen.visible)
    if min(person.unread.get(peer, 0), SHOWN) != min(unread, SHOWN):
        report.wrong.append(
            f"{person.key} sees {person.unread.get(peer)} unread of {peer}, not {unread}"
        )


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
