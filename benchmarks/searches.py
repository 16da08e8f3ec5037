"""How long searches take, and what the index costs, on a large site: docs/databases.md, Searching.

One person is in 200 conversations, which are busier than those of others. Texts are words as often
as natural language has them, a quarter of them Chinese.
"""

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from itertools import accumulate
from pathlib import Path
from typing import Any

from tests.environment import hermetic
from tests.services import postgres

VOCABULARY = 20_000  # words, and a tenth as many Chinese characters
CHATS, SHARE = 200, 5  # of the one who searches
SYLLABLES = [
    "ba",
    "ce",
    "di",
    "fo",
    "gu",
    "ha",
    "je",
    "ki",
    "lo",
    "mu",
    "na",
    "pe",
    "ri",
    "so",
    "tu",
    "va",
    "we",
    "xi",
    "yo",
    "zu",
]
SEARCHES = 190
SENDS = 300


def main() -> None:
    arguments = _arguments()
    with _database(arguments.database) as url:
        os.environ.update(hermetic(DATABASE_URL=url))
        os.environ["DJANGO_SETTINGS_MODULE"] = "chatsite.settings"
        import django

        django.setup()
        for line in _measured(arguments.messages, arguments.conversations):
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("database", choices=["sqlite", "postgres"])
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--conversations", type=int, default=10_000)
    return parser.parse_args()


@contextmanager
def _database(kind: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        server: Any = postgres() if kind == "postgres" else nullcontext()
        with server as started:
            yield started.url if started else f"sqlite:///{Path(folder) / 'searches.sqlite3'}"


class _Words:
    """The commonest first, each as often as Zipf's law has it."""

    def __init__(self, chance: random.Random) -> None:
        self.latin = ["".join(chance.choices(SYLLABLES, k=2 + n % 3)) for n in range(VOCABULARY)]
        self.chinese = [chr(0x4E00 + n) for n in range(VOCABULARY // 10)]
        self._weights = list(accumulate(1 / (n + 3) for n in range(VOCABULARY)))

    def text(self, chance: random.Random, _seq: int) -> str:
        count = 1 + min(int(chance.expovariate(1 / 6)), 60)
        if chance.random() < 0.25:
            weights = self._weights[: len(self.chinese)]
            return "".join(chance.choices(self.chinese, cum_weights=weights, k=count * 2))
        return " ".join(chance.choices(self.latin, cum_weights=self._weights, k=count))

    def searches(self, chance: random.Random) -> Iterator[str]:
        """Common, middling and rare words; two of them; three letters; two characters; nowhere."""
        for number in range(SEARCHES):
            common, middling = chance.choice(self.latin[:50]), chance.choice(self.latin[50:2000])
            rare = chance.choice(self.latin[2000:])
            one, other = chance.sample(self.chinese[:400], 2)
            kinds = (common, middling, rare, f"{common} {middling}", rare[1:4], one + other)
            yield (*kinds, "qqq nowhere")[number % 7]


def _measured(messages: int, conversations: int) -> Iterator[str]:
    from django.core.management import call_command
    from django.db import connection

    from benchmarks.filling import fill, index_messages
    from messaging.models import Membership, Message
    from messaging.queries.search import SearchCriteria, search

    call_command("migrate", verbosity=0)
    chance = random.Random(2)  # noqa: S311  nothing secret
    words = _Words(chance)
    filled = fill(
        conversations=conversations,
        messages=messages,
        busy_chats=CHATS,
        busy_share=SHARE,
        text=words.text,
    )
    began = time.monotonic()
    index_messages()
    yield f"index made in one go in {time.monotonic() - began:.0f} s"
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    mine = Membership.objects.filter(user=filled.busy).values("conversation")
    count = Message.objects.filter(conversation__in=mine).count()
    yield f"{Message.objects.count():,} messages, {count:,} in {len(mine)} chats of who searches"
    texts = sum(len(each.encode()) for each in Message.objects.values_list("text", flat=True))
    yield f"texts {texts / 1e6:.1f} MB, the index {_size(connection) / texts:.2f} times as much"
    took, found = [], 0
    for query in words.searches(chance):
        began = time.perf_counter()
        found += len(search(filled.busy, SearchCriteria(words=query), limit=20).messages)
        took.append((time.perf_counter() - began) * 1000)
    cuts = statistics.quantiles(took, n=100)
    half, most = cuts[49], cuts[94]
    yield f"{len(took)} searches, {found} found: half in {half:.0f} ms, 95 of 100 in {most:.0f} ms"
    yield _sends(filled)


def _size(connection: Any) -> int:
    """Bytes of the table with its indexes."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_total_relation_size('messaging_searchblock')")
        else:
            cursor.execute(
                "SELECT SUM(pgsize) FROM dbstat WHERE name IN"
                " (SELECT name FROM sqlite_master WHERE tbl_name = 'messaging_searchblock')"
            )
        return int(cursor.fetchone()[0])


def _sends(filled: Any) -> str:
    """One after another, each by itself; with and without the index, in turn."""
    from unittest.mock import patch

    from messaging.services import messages

    def without(_sent: object) -> None:
        pass

    took: dict[bool, float] = {True: 0.0, False: 0.0}
    text = "as many words as somebody says in a message, mostly"
    for turn in range(10):
        indexed = turn % 2 == 0
        with nullcontext() if indexed else patch.object(messages, "add_full_blocks", without):
            began = time.perf_counter()
            for _each in range(SENDS):
                messages.send_message(sender=filled.busy, peer=filled.peer.pk, text=text)
            took[indexed] += time.perf_counter() - began
    return (
        f"a send alone takes {took[True] / took[False]:.3f} times what it takes without the index"
    )


if __name__ == "__main__":
    main()
