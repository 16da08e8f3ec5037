"""People who talk, send files and listen all the time, and come to groups and go, while one thing
after another goes wrong; then what each of them holds is compared with what the database holds.
"""

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.faults import evidence, fleeting, keeping, later, own
from tests.faults.checks import check
from tests.faults.faults import Fault, possible
from tests.faults.files import some_file
from tests.faults.fleeting import Reader
from tests.faults.own import Moved
from tests.faults.person import Person
from tests.faults.report import Report
from tests.faults.stage import Stage, stage

PEOPLE = 6
GROUPS = 3
WITH_FILE = 0.15  # of the messages
PASSWORD = "correct horse"
Pair = tuple[Reader, Reader]
Who = tuple[str, str, int, random.Random]
PER_FAULT = ("sent", "tries", "acknowledged", "files", "resumed", "frames", "synced", "reconnects")


@dataclass(frozen=True)
class Topology:
    workers: int
    kinds: tuple[str, ...]  # of the services, see `stage`

    def __str__(self) -> str:
        workers = "1 worker" if self.workers == 1 else f"{self.workers} workers"
        return f"{workers} on {', '.join(self.kinds) or 'SQLite'}"


MANY = Topology(2, ("redis", "postgres", "s3"))
ONE = Topology(1, ())


async def run(topology: Topology, folder: Path, *, rounds: int, seed: int) -> Report:
    """Every possible fault once a round, in an order that the seed decides."""
    chance = random.Random(seed)
    report = Report(str(topology))
    async with stage(folder, count=topology.workers, kinds=topology.kinds) as site:
        people = [Person(*await _sign_up(site.proxy.port, n, chance)) for n in range(PEOPLE)]
        one, other = [
            Reader(*await _sign_up(site.proxy.port, PEOPLE + n, chance)) for n in range(2)
        ]
        pair = (one, other)
        importer = Person(*await _sign_up(site.proxy.port, PEOPLE + 2, chance))
        moved = Moved(importer)
        try:
            await asyncio.gather(*(person.arrive() for person in [*people, *pair]))
            await _make_groups(people)
            await fleeting.begin(site, *pair)
            await _talk_through(site, people, pair, moved, rounds, chance, report)
            async with asyncio.TaskGroup() as end:
                end.create_task(fleeting.finish(*pair))
                end.create_task(keeping.restore(site))
                end.create_task(later.finish(site, report))
            for person in pair:
                await person.leave()
            await _settle(people)
            await _check(site, people, pair, moved, report)
        finally:
            await asyncio.gather(*(person.close() for person in [*people, *pair, importer]))
    return report


async def _check(
    site: Stage, people: list[Person], pair: Pair, moved: Moved, report: Report
) -> None:
    stored = await asyncio.to_thread(evidence.read, site.database_url)
    await check(site, people, [*pair, moved.importer], stored, report)
    later.check(site, report)
    await fleeting.check(site, *pair, report)
    await asyncio.to_thread(own.check, site, moved, people, stored, report)
    keeping.check(site, [*people, *pair], stored, report)
    await keeping.tidy(site, report)


async def _sign_up(port: int, number: int, chance: random.Random) -> Who:
    account = {"fullName": f"Person {number}", "email": f"p{number}@example.org"}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:
        answer = await http.post("/api/auth/signup", json={**account, "password": PASSWORD})
        answer.raise_for_status()
    return answer.json()["_id"], answer.cookies["jwt"], port, random.Random(chance.random())


async def _make_groups(people: list[Person]) -> None:
    """The first people own one each, with half of the others in it. One shows what was before."""
    for number, owner in enumerate(people[:GROUPS]):
        others = [person.key for person in people if person is not owner]
        await owner.make_group(others[::2], shows_history=number == 0)


async def _talk_through(
    site: Stage,
    people: list[Person],
    pair: Pair,
    moved: Moved,
    rounds: int,
    chance: random.Random,
    report: Report,
) -> None:
    is_over = asyncio.Event()
    async with asyncio.TaskGroup() as talk:
        for person in people:
            talk.create_task(_talk(person, people, is_over, random.Random(chance.random())))
        talk.create_task(later.newcomers(site, is_over))
        talk.create_task(fleeting.talk(site, *pair, is_over, chance))
        talk.create_task(own.take_along(site, people, moved, is_over, chance))
        talk.create_task(keeping.back_up(site, people, is_over))
        for fault in _order(possible(site), rounds, chance):
            before = _totals(people)
            await fault(site, chance)
            await asyncio.sleep(1)
            report.note(fault.__name__, _totals(people) - before)
        is_over.set()
    report.dropped = site.proxy.dropped


def _totals(people: list[Person]) -> Counter[str]:
    totals: Counter[str] = Counter()
    for person in people:
        totals += Counter({name: getattr(person.counts, name) for name in PER_FAULT})
    return totals


def _order(faults: list[Fault], rounds: int, chance: random.Random) -> Iterator[Fault]:
    for _round in range(rounds):
        yield from chance.sample(faults, len(faults))


async def _talk(
    person: Person, people: list[Person], is_over: asyncio.Event, chance: random.Random
) -> None:
    """Now and then several at once, as an outbox does that was offline, some with a file; a slip is
    taken back. Who
    is not in a group tries to write to it all the same.
    """
    others = [other.key for other in people if other is not person]
    groups = [other.owns for other in people if other.owns]
    numbers = itertools.count(1)
    while not is_over.is_set():
        peer = chance.choice(others + groups)
        texts = [f"{person.key} {next(numbers)}" for _text in range(chance.choice([1, 1, 1, 4]))]
        files = [some_file(chance) if chance.random() < WITH_FILE else None for _text in texts]
        await asyncio.gather(*map(person.say, [peer] * len(texts), texts, files))
        if person.acknowledged and chance.random() < 0.1:
            await person.delete(person.messages[chance.choice([*person.acknowledged.values()])])
        if chance.random() < 0.2:
            await person.read(peer)
        if not person.scheduled or chance.random() < 0.1:
            text = f"{person.key} later {next(numbers)}"
            await person.schedule(chance.choice(others), text, later.soon(chance))
        await _change_members(person, others, groups, chance)
        await asyncio.sleep(chance.uniform(0, 0.2))


async def _change_members(
    person: Person, others: list[str], groups: list[str], chance: random.Random
) -> None:
    """Owners add more than they remove, for some leave by themselves."""
    if person.owns and chance.random() < 0.3:
        change = chance.choice([person.add, person.add, person.remove])
        await change(chance.choice(others), person.owns)
    elif chance.random() < 0.05 and (group := chance.choice(groups)) != person.owns:
        await person.remove(person.key, group)


async def _settle(people: list[Person]) -> None:
    """Everybody comes back once more, as after a closed lid, and catches up."""
    for person in people:
        await person.leave()
        await person.arrive()
    await asyncio.gather(*(person.sync() for person in people))
