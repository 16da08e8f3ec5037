"""What was measured, as tables in a terminal."""

from collections.abc import Sequence

from benchmarks.ablation import ablation
from benchmarks.results import Part
from benchmarks.rows import DOOR_ROWS, ROWS, WORKER_ROWS
from benchmarks.tables import TITLES, cells, comparisons, day_cells, plain

DAY_TITLES = ["a mixed day, ms", "p50", "p95", "p99", "peer p50", "peer p99"]
DOOR_TITLES = ["", "Socket.IO (spread)", "native", "Socket.IO is better by", "goal", ""]
WORKER_TITLES = ["", "two workers (spread)", "one", "two are better by", "goal", ""]


def summary(name: str, part: Part) -> str:
    if name == "pieces":
        titles, rows = ablation(part.runs)
        return "\n" + plain(titles, rows)
    if name == "workers":
        compared = comparisons(WORKER_ROWS, part.runs, "2 workers", "1 worker")
        return "\n" + plain(WORKER_TITLES, map(cells, compared))
    if name == "doors":
        compared = comparisons(DOOR_ROWS, part.runs, "Socket.IO", "native")
        return "\n" + plain(DOOR_TITLES, map(cells, compared)) + _failures(part)
    return _beside_peer(part)


def _beside_peer(part: Part) -> str:
    compared = comparisons(ROWS, part.runs, "ours", "peer")
    text = "\n" + plain(TITLES, map(cells, compared)) if compared else ""
    if any(line.is_limited for line in compared):
        text += "⁺ the generator was busy: the server may well do more\n"
    if day := day_cells(part.runs):
        text += "\n" + plain(DAY_TITLES, day)
    return text + _failures(part)


def _failures(part: Part) -> str:
    failed: Sequence[str] = [
        f"{run.scenario} of {run.site}, round {run.round}: {run.errors:.0f} errors\n"
        for run in part.runs
        if run.errors
    ]
    return "\nNo results:\n" + "".join(failed) if failed else ""
