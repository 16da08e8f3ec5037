"""What is measured in which order: sites take turns, round after round, each freshly started."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import uvloop

from benchmarks.load.figures import Figures
from benchmarks.load.generator import Generator, Target
from benchmarks.load.meters import warn_once
from benchmarks.load.scenarios.catalogue import SCENARIOS, Scenario
from benchmarks.load.sizes import Size
from benchmarks.results import Run
from benchmarks.sites.machine import PYTHON, output
from benchmarks.sites.ours import Ours
from benchmarks.sites.peer import Peer
from benchmarks.sites.processes import CannotMeasure
from benchmarks.sites.services import postgres, redis

PATIENCE = 300  # seconds for one measurement
ABLATED = ("rest", "socket", "history", "crowd", "latency-500")
SHARED = ("latency-500", "rest")  # what one and two workers are compared by
BUSY = 4  # times as many connections send to them, who else would only wait for responses
BY_DOOR = ("latency-500", "crowd", "storm", "idle")  # and the two doors
Names = Sequence[str] | None
Plan = tuple[str, Iterator[Run]]  # the part of the results, and its runs as they are made


def beside_peer(ours: Ours, peer: Peer | None, size: Size, rounds: int, names: Names) -> Plan:
    def runs() -> Iterator[Run]:
        for at in range(1, rounds + 1):
            for name in names or SCENARIOS:
                scenario = SCENARIOS[name]
                yield _run(name, "ours", at, size, _start_ours(ours, scenario, size))
                if peer and scenario.has_peer:
                    yield _run(name, "peer", at, size, _start_peer(peer, scenario, size))

    return "peer", runs()


def pieces(ours: Ours, size: Size, rounds: int, names: Names) -> Plan:
    """With all pieces of the fast path, then without each, then without any."""
    known = output(str(PYTHON), "-c", "from chatsite.conf.fast import PIECES; print(*PIECES)")
    sites = {"ours": ours}
    sites |= {f"without {piece}": replace(ours, without=[piece]) for piece in known.split()}
    sites["without all"] = replace(ours, without=known.split())

    def runs() -> Iterator[Run]:
        for at in range(1, rounds + 1):
            for name in names or ABLATED:
                for label, site in sites.items():
                    scenario = SCENARIOS[name]
                    yield _run(name, label, at, size, _start_ours(site, scenario, size))

    return "pieces", runs()


def workers(ours: Ours, size: Size, rounds: int, names: Names) -> Plan:
    """On one PostgreSQL and one Redis, whose processor time counts."""
    size = replace(size, connections=BUSY * size.connections)

    def runs() -> Iterator[Run]:
        cores = ours.cores.workers
        with (
            redis(ours.port + 20, cores) as store,
            postgres(ours.port + 21, cores) as database,
        ):
            count = max(SCENARIOS[name].people(size) for name in names or SHARED)
            tokens = Path(ours.scratch / "workers.json")
            people = ours.seed(database.url, tokens, ["--people", str(count)])
            others = [store.process, database.process]
            for at in range(1, rounds + 1):
                for name in names or SHARED:
                    for number, label in ((1, "1 worker"), (2, "2 workers")):
                        site = ours.workers(database.url, store.url, people, others, number)
                        yield _run(name, label, at, size, site)

    return "workers", runs()


def doors(ours: Ours, size: Size, rounds: int, names: Names) -> Plan:
    """By the native WebSocket, and by Socket.IO once it is upgraded."""

    def runs() -> Iterator[Run]:
        for at in range(1, rounds + 1):
            for name in names or BY_DOOR:
                for label in ("native", "Socket.IO"):
                    site = _by_door(_start_ours(ours, SCENARIOS[name], size), label)
                    yield _run(name, label, at, size, site)

    return "doors", runs()


@contextmanager
def _by_door(site: AbstractContextManager[Target], label: str) -> Iterator[Target]:
    with site as target:
        yield target if label == "native" else replace(target, name=f"{target.name} by {label}")


def _start_ours(ours: Ours, scenario: Scenario, size: Size) -> AbstractContextManager[Target]:
    return ours.running(scenario.people(size), size, is_large=scenario.is_large)


def _start_peer(peer: Peer, scenario: Scenario, size: Size) -> AbstractContextManager[Target]:
    return peer.running(scenario.people(size), publishes_presence=scenario.publishes_presence)


def _run(name: str, label: str, at: int, size: Size, site: AbstractContextManager[Target]) -> Run:
    """What fails is no result, but no reason to lose the others."""
    figures: Figures = {"errors": 1}
    try:
        with site as target, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            figures = runner.run(_figures(SCENARIOS[name], Generator(target, size)))
    except CannotMeasure as problem:
        warn_once(f"{name} of {label}", str(problem))
    return Run(name, label, at, figures)


async def _figures(scenario: Scenario, generator: Generator) -> Figures:
    try:
        return await asyncio.wait_for(scenario.run(generator), PATIENCE)
    except (OSError, TimeoutError) as error:
        warn_once("a scenario ended early", repr(error))
        return {"errors": 1}


def described(run: Run) -> str:
    figures = " ".join(f"{name}={value:g}" for name, value in run.figures.items())
    return f"{run.round} {run.scenario:12} {run.site:20} {figures}"
