"""How much of everything."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    seconds: float = 4
    warming: float = 3  # seconds of the same before it counts: compilers, caches
    settling: float = 0.5  # seconds for what is under way
    connections: int = 16  # of a closed loop
    pairs: int = 50  # people who write, each to one other
    padding: int = 60  # characters of a text
    storm: int = 2_000  # sockets that connect at once
    idle: int = 10_000  # sockets that are held
    online: int = 500  # sockets that receive presence
    changes: int = 20  # of presence
    crowd: int = 1_000  # sockets that one message goes to
    repeats: int = 30  # messages to the crowd
    visitors: int = 200  # people of the mixed day
    calls: float = 100  # a second, of the mixed day
    messages: int = 1_000_000  # in the large site's database
    conversations: int = 10_000


QUICK = Size(
    seconds=1,
    warming=0.5,
    storm=300,
    idle=500,
    online=100,
    changes=6,
    crowd=200,
    repeats=5,
    visitors=30,
    calls=60,
    messages=20_000,
    conversations=2_000,
)
