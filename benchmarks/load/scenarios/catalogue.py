"""All scenarios, by name."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from benchmarks.load.figures import Figures
from benchmarks.load.generator import Generator
from benchmarks.load.scenarios import (
    changes,
    connecting,
    crowd,
    day,
    latency,
    presence,
    reading,
    sending,
)
from benchmarks.load.sizes import Size


@dataclass(frozen=True)
class Scenario:
    run: Callable[[Generator], Awaitable[Figures]]
    people: Callable[[Size], int] = lambda size: 2 * max(size.pairs, size.connections) + 2
    has_peer: bool = True
    publishes_presence: bool = False  # the peer does so here only
    is_large: bool = False  # on the database of a large site


SCENARIOS = {
    "latency-500": Scenario(partial(latency.run, rate=500)),
    "latency-1000": Scenario(partial(latency.run, rate=1000)),
    "rest": Scenario(sending.by_rest),
    "socket": Scenario(sending.by_socket),
    "changes": Scenario(changes.run, has_peer=False),
    "storm": Scenario(connecting.storm, people=lambda size: size.storm),
    "idle": Scenario(connecting.idle, people=lambda size: size.idle),
    "presence": Scenario(
        presence.run, people=lambda size: size.online + 1, publishes_presence=True
    ),
    "history": Scenario(reading.history),
    "chats": Scenario(reading.chat_list, has_peer=False, is_large=True),
    "crowd": Scenario(crowd.run, people=lambda size: size.crowd + 1),
    "group": Scenario(crowd.group, people=lambda size: size.crowd, has_peer=False),
    "day": Scenario(day.run, people=lambda size: size.visitors + 2),
}
