"""The figures of the pages, as tables in a terminal: medians where there are several rounds."""

from collections.abc import Iterable, Sequence

from benchmarks.load.figures import median
from benchmarks.results import Run

LOADING = {
    "first_paint": "first paint, ms",
    "largest_paint": "largest, ms",
    "blocking": "blocking, ms",
    "shift": "shift",
    "requests": "requests",
    "bytes": "bytes",
}
TRAFFIC = {
    "said": "messages said",
    "shown": "in the page",
    "heap": "heap, KiB",
    "nodes": "nodes",
    "listeners": "listeners",
}


def tables(runs: Sequence[Run]) -> str:
    return "\n".join(filter(None, (_loading(runs), _scrolling(runs), _traffic(runs))))


def _loading(runs: Sequence[Run]) -> str:
    names = dict.fromkeys(run.scenario for run in runs if "first_paint" in run.figures)
    rows = [[name, *(_number(_median(runs, name, each)) for each in LOADING)] for name in names]
    return _table(["page", *LOADING.values()], rows) if rows else ""


def _median(runs: Sequence[Run], name: str, figure: str) -> float:
    return median(run.figures[figure] for run in runs if run.scenario == name)


def _scrolling(runs: Sequence[Run]) -> str:
    rows = [
        [name, _number(value)]
        for run in runs
        if run.scenario == "scrolling"
        for name, value in run.figures.items()
        if name != "errors"
    ]
    return _table(["scrolling up", ""], rows) if rows else ""


def _traffic(runs: Sequence[Run]) -> str:
    looks = [run.figures for run in runs if run.scenario == "traffic"]
    rows = [[_number(look[each]) for each in TRAFFIC] for look in looks]
    return _table(list(TRAFFIC.values()), rows) if rows else ""


def _number(value: float) -> str:
    return f"{value:,.4g}" if value < 1 else f"{value:,.0f}"


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The first column to the left, figures to the right."""
    lines = [list(titles), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "".join(
        "  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) + "\n"
        for line in lines
    )
