"""Keys: unique, in order, and recognised only in their one form."""

import itertools
import subprocess
import sys
import time

import pytest

from chatsite import keys
from chatsite.keys import is_key, new_key
from tests.concurrency import at_once


def test_has_24_lowercase_hex_characters() -> None:
    assert is_key(new_key())
    assert len(new_key()) == 24


def test_begins_with_the_time() -> None:
    before = int(time.time())
    assert before <= int(new_key()[:8], 16) <= int(time.time()) + 1


def test_each_is_greater_than_the_one_before() -> None:
    made = [new_key() for _ in range(10_000)]
    assert made == sorted(set(made))


def test_threads_never_make_the_same() -> None:
    made = at_once([lambda: [new_key() for _ in range(2_000)]] * 8)
    assert all(own == sorted(own) for own in made)
    assert len({key for own in made for key in own}) == 16_000


def test_processes_differ_after_a_fork() -> None:
    program = (
        "import os; from chatsite.keys import new_key\n"
        "read, write = os.pipe()\n"
        "if os.fork() == 0: os.write(write, new_key()[12:18].encode()); os._exit(0)\n"
        "os.wait(); print(os.read(read, 6).decode() != new_key()[12:18])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "True", done.stderr


def test_stays_in_order_when_the_clock_steps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before, now = new_key(), time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now - 3_600 * 10**9)
    made = [new_key() for _ in range(100)]
    assert [before, *made] == sorted({before, *made})


def test_stays_in_order_when_the_counter_wraps(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now)
    monkeypatch.setattr(keys, "_counter", itertools.count(0xFF_FFF0))
    made = [new_key() for _ in range(40)]
    assert made == sorted(set(made))


@pytest.mark.parametrize(
    "value",
    ["", "0" * 23, "0" * 25, "A" * 24, "g" * 24, "0" * 24 + "\n", "٠" * 24, None, 7, b"0" * 24]
    + [["0" * 24], {"$gt": ""}],
)
def test_nothing_else_is_one(value: object) -> None:
    assert not is_key(value)
