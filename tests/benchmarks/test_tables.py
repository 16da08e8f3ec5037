"""Rounds become lines, and lines a table."""

import pytest

from benchmarks.results import Run
from benchmarks.rows import Row
from benchmarks.tables import Comparison, amount, cells, comparisons, day_cells, markdown, plain
from tests.benchmarks.runs import run

RATE = Row("rest", "rate", "Sends", "a second", is_rate=True, ratio=1)
TIME = Row("rest", "answered_p50", "Time", "ms", ratio=1)
ALONE = Row("chats", "answered_p50", "Chat list", "ms", most=50)


def line(row: Row, *runs: Run) -> Comparison:
    [made] = comparisons([row], runs, "ours", "peer")
    return made


class TestComparing:
    def test_more_is_better_for_a_rate(self) -> None:
        compared = line(RATE, run("rest", "ours", rate=300), run("rest", "peer", rate=200))
        assert (compared.better, compared.verdict) == (1.5, "met")

    def test_less_is_better_for_anything_else(self) -> None:
        ours, peer = run("rest", "ours", answered_p50=4), run("rest", "peer", answered_p50=2)
        compared = line(TIME, ours, peer)
        assert (compared.better, compared.verdict) == (0.5, "missed")

    def test_rounds_are_compared_one_by_one(self) -> None:
        """The machine was half as fast in two of three: no reason to find ours slow."""
        ours = [run("rest", "ours", at, rate=rate) for at, rate in [(1, 200), (2, 100), (3, 100)]]
        peer = [run("rest", "peer", at, rate=rate) for at, rate in [(1, 100), (2, 50), (3, 50)]]
        compared = line(RATE, *ours, *peer)
        assert compared.better == 2
        assert compared.ours
        assert (compared.ours.median, compared.ours.least, compared.ours.most) == (100, 100, 200)

    def test_without_peer_nothing_is_met_or_missed(self) -> None:
        compared = line(RATE, run("rest", "ours", rate=300))
        assert (compared.better, compared.verdict) == (None, "")

    @pytest.mark.parametrize(("taken", "verdict"), [(50, "met"), (50.1, "missed")])
    def test_a_goal_of_its_own_needs_no_peer(self, taken: float, verdict: str) -> None:
        assert line(ALONE, run("chats", "ours", answered_p50=taken)).verdict == verdict

    def test_what_was_not_run_has_no_line(self) -> None:
        assert comparisons(
            [RATE, ALONE], [run("chats", "ours", answered_p50=1)], "ours", "peer"
        ) == [line(ALONE, run("chats", "ours", answered_p50=1))]


class TestFailures:
    def test_one_failed_round_makes_all_of_them_no_result(self) -> None:
        good, bad = run("rest", "ours", 1, rate=900), run("rest", "ours", 2, rate=999, errors=3)
        compared = line(RATE, good, bad, run("rest", "peer", 1, rate=1))
        assert compared.ours is None
        assert compared.better is None
        assert compared.verdict == "no result: 3 errors"

    def test_nothing_is_compared_with_a_peer_that_failed(self) -> None:
        peer = run("rest", "peer", rate=1, errors=1)
        compared = line(RATE, run("rest", "ours", rate=900), peer)
        assert (compared.other, compared.better, compared.verdict) == (None, None, "")

    def test_a_run_that_does_not_say_failed(self) -> None:
        assert Run("rest", "ours", 1, {"rate": 5}).errors

    def test_a_mixed_day_with_failures_has_no_figures(self) -> None:
        figures = {"chats_p50": 1.0, "chats_p95": 2.0, "chats_p99": 3.0}
        assert day_cells([run("day", "ours", 1, errors=1, **figures)]) == []
        [row] = day_cells([run("day", "ours", 1, **figures)])
        assert row == ["the list of chats", "1", "2", "3", "–", "–"]


def test_a_busy_generator_is_told_of() -> None:
    busy = line(RATE, run("rest", "ours", rate=300, generator_cores=0.97))
    free = line(RATE, run("rest", "ours", rate=300, generator_cores=0.5))
    assert cells(busy)[1].endswith("⁺")
    assert not cells(free)[1].endswith("⁺")


def test_cells() -> None:
    ours = [run("rest", "ours", at, rate=rate) for at, rate in [(1, 1999), (2, 2101), (3, 2051)]]
    peer = [run("rest", "peer", at, rate=1025) for at in (1, 2, 3)]
    assert cells(line(RATE, *ours, *peer)) == [
        "Sends",
        "2,050 a second (2,000–2,100)",
        "1,020",
        "2.00 ×",
        "1 ×",
        "met",
    ]


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0.1234, "0.123"), (12.34, "12.3"), (123.4, "123"), (1234, "1,230"), (123456, "123,000")],
)
def test_amounts_have_three_figures(value: float, expected: str) -> None:
    assert amount(value) == expected


def test_both_kinds_of_table() -> None:
    assert markdown(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |\n"
    assert plain(["a", "b"], [["longer", "2"]]) == "a       b\nlonger  2\n"
