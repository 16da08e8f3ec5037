"""What each piece of the fast path is worth: how much more everything costs without it."""

from collections.abc import Sequence

from benchmarks.load.figures import median
from benchmarks.results import Run
from benchmarks.tables import amount, by_round

WHOLE = "ours"
SHOWN = {
    "rest": "a REST send",
    "socket": "a socket send",
    "history": "a read of 50",
    "crowd": "a receiver of many",
    "latency-500": "a send at 500 a second",
}
Table = tuple[list[str], list[list[str]]]


def ablation(runs: Sequence[Run], figure: str = "cpu_us") -> Table:
    """A row a piece: the server's processor time, as a multiple of the whole fast path's."""
    scenarios = [name for name in SHOWN if any(run.scenario == name for run in runs)]
    rows = [["all of it, µs", *(_whole(runs, name, figure) for name in scenarios)]]
    for site in dict.fromkeys(run.site for run in runs if run.site != WHOLE):
        shown = (factor(runs, name, site, figure) for name in scenarios)
        rows.append([site, *(f"{value:.2f} ×" if value else "–" for value in shown)])
    return ["server's processor for", *(SHOWN[name] for name in scenarios)], rows


def factor(runs: Sequence[Run], scenario: str, site: str, figure: str) -> float | None:
    """1.5: half as much again. Compared round by round."""
    whole = by_round(figure, _of(runs, scenario, WHOLE))
    without = by_round(figure, _of(runs, scenario, site))
    ratios = [without[at] / whole[at] for at in whole if whole[at] and at in without]
    return median(ratios) if ratios else None


def _whole(runs: Sequence[Run], scenario: str, figure: str) -> str:
    values = by_round(figure, _of(runs, scenario, WHOLE))
    return amount(median(values.values())) if values else "–"


def _of(runs: Sequence[Run], scenario: str, site: str) -> list[Run]:
    return [run for run in runs if (run.scenario, run.site) == (scenario, site)]
