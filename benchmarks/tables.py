"""Rounds become lines: median, spread, how many times as good as another, good enough or not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.load.figures import median
from benchmarks.results import Run
from benchmarks.rows import DAY, Row

BUSY = 0.9  # cores of the generator, above which it and not the server was the limit
TITLES = ["", "ours (spread)", "peer", "ours is better by", "goal", ""]


@dataclass(frozen=True)
class Spread:
    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        return cls(median(values), min(values), max(values))


@dataclass(frozen=True)
class Comparison:
    row: Row
    ours: Spread | None
    other: Spread | None
    better: float | None  # 2: ours does twice as much, or takes half
    errors: int  # of ours
    is_limited: bool  # by the generator

    @property
    def verdict(self) -> str:
        if self.errors:
            return f"no result: {self.errors} errors"
        if self.ours is None or not self.row.goal:
            return ""
        if self.row.least is not None:
            return "met" if self.ours.median >= self.row.least else "missed"
        if self.row.most is not None:
            return "met" if self.ours.median <= self.row.most else "missed"
        if self.better is None or self.row.ratio is None:
            return ""
        return "met" if self.better >= self.row.ratio else "missed"


def comparisons(
    rows: Iterable[Row], runs: Sequence[Run], ours: str, other: str
) -> list[Comparison]:
    """One for each row that was measured on our side."""
    made = []
    for row in rows:
        mine = [run for run in runs if (run.scenario, run.site) == (row.scenario, ours)]
        theirs = [run for run in runs if (run.scenario, run.site) == (row.scenario, other)]
        if mine:
            made.append(_comparison(row, mine, theirs))
    return made


def _comparison(row: Row, mine: list[Run], theirs: list[Run]) -> Comparison:
    """Rounds are compared one by one: what disturbs a machine disturbs both of a round."""
    errors = sum(int(run.errors) for run in mine)
    first, second = by_round(row.figure, mine), by_round(row.figure, theirs)
    both = [at for at in first if first[at] and second.get(at)]
    ratios = [first[at] / second[at] if row.is_rate else second[at] / first[at] for at in both]
    busiest = max((run.figures.get("generator_cores", 0) for run in mine), default=0)
    return Comparison(
        row=row,
        ours=Spread.of([*first.values()]) if first else None,
        other=Spread.of([*second.values()]) if second else None,
        better=median(ratios) if ratios else None,
        errors=errors,
        is_limited=row.is_rate and busiest > BUSY,
    )


def by_round(figure: str, runs: Iterable[Run]) -> dict[int, float]:
    """Nothing of a site that failed in any round: what remains would be chosen by luck."""
    kept = list(runs)
    if any(run.errors for run in kept):
        return {}
    return {run.round: run.figures[figure] for run in kept if figure in run.figures}


def cells(line: Comparison) -> list[str]:
    return [
        line.row.title,
        _with_spread(line.ours, line.row.unit) + (" ⁺" if line.is_limited else ""),
        f"{amount(line.other.median)}" if line.other else "–",
        f"{line.better:.2f} ×" if line.better is not None else "–",
        line.row.goal or "–",
        line.verdict,
    ]


def day_cells(runs: Sequence[Run]) -> list[list[str]]:
    """Kind of call; p50, p95, p99 of ours; p50 and p99 of the peer; in milliseconds."""
    mine = [run for run in runs if (run.scenario, run.site) == ("day", "ours")]
    theirs = [run for run in runs if (run.scenario, run.site) == ("day", "peer")]
    made = []
    for kind, title in DAY.items():
        ours = [_median_of(f"{kind}_p{at}", mine) for at in (50, 95, 99)]
        peer = [_median_of(f"{kind}_p{at}", theirs) for at in (50, 99)]
        if ours[0] != "–":
            made.append([title, *ours, *peer])
    return made


def _median_of(figure: str, runs: list[Run]) -> str:
    values = by_round(figure, runs)
    return amount(median(values.values())) if values else "–"


def markdown(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    listed = [titles, ["---"] * len(titles), *rows]
    return "".join(f"| {' | '.join(row)} |\n" for row in listed)


def plain(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Aligned, for a terminal."""
    listed = [list(titles), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*listed, strict=True)]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        + "\n"
        for row in listed
    )


def amount(value: float) -> str:
    """Three figures, no more: the rest is noise."""
    if value >= 1000:
        digits = 3 - len(str(int(value)))
        return f"{round(value, digits):,.0f}"
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def _with_spread(spread: Spread | None, unit: str) -> str:
    if spread is None:
        return "–"
    text = f"{amount(spread.median)} {unit}"
    if spread.least == spread.most:
        return text
    return f"{text} ({amount(spread.least)}–{amount(spread.most)})"
