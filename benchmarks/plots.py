"""Draws what was measured: an SVG for light pages and one for dark ones, the same at each run."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.ablation import SHOWN, factor
from benchmarks.colours import Palette, palette
from benchmarks.load.figures import median
from benchmarks.results import Part, Run
from benchmarks.rows import DAY, ROWS
from benchmarks.tables import amount, by_round, comparisons

WIDTH = 8.2  # inches
Drawing = Callable[[Any, Part, Palette], None]


def draw(parts: dict[str, Part], folder: Path) -> list[str]:
    """The names of the plots that there is something for."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for name, (part, height, drawing) in PLOTS.items():
        if part in parts:
            for is_dark in (False, True):
                file = folder / f"{name}{'-dark' if is_dark else ''}.svg"
                _draw(drawing, parts[part], height, palette(is_dark=is_dark), file)
            made.append(name)
    return made


def _draw(drawing: Drawing, part: Part, height: float, colours: Palette, file: Path) -> None:
    with _styled(colours):
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        axes = figure.add_subplot()
        axes.spines[["top", "right"]].set_visible(False)
        drawing(axes, part, colours)
        figure.savefig(file, metadata={"Date": None, "Creator": None})
    text = file.read_text().replace("'DejaVu Sans'", "system-ui, 'DejaVu Sans'")
    file.write_text("\n".join(line.rstrip() for line in text.splitlines()) + "\n")


@contextmanager
def _styled(colours: Palette) -> Iterator[None]:
    """On a ground of its own, so that it reads wherever it is shown."""
    style = {
        "svg.hashsalt": "chatsite",
        "svg.fonttype": "none",  # text stays text
        "font.family": "DejaVu Sans",  # comes with matplotlib
        "font.size": 9.5,
        "figure.facecolor": colours["sheet"],
        "axes.facecolor": colours["sheet"],
        "axes.edgecolor": colours["line-strong"],
        "axes.labelcolor": colours["text-quiet"],
        "axes.titlecolor": colours["text"],
        "text.color": colours["text"],
        "xtick.color": colours["text-quiet"],
        "ytick.color": colours["text-quiet"],
        "legend.frameon": False,
    }
    with mpl.rc_context(style):
        yield


def _ratios(axes: Any, part: Part, colours: Palette) -> None:
    """How many times as good as the peer, of every row that has one: bars that begin at 1."""
    compared = comparisons(ROWS, part.runs, "ours", "peer")
    bars = [(line.row.title, line.better) for line in compared if line.better]
    for position, (_, value) in enumerate(bars):
        is_better = value >= 1
        shade = colours["accent"] if is_better else colours["ink-400"]
        axes.barh(position, value - 1, 0.7, 1, color=shade)
        side, gap = ("left", 1.07) if is_better else ("right", 1 / 1.07)
        axes.text(value * gap, position, f"{amount(value)} ×", ha=side, va="center")
    axes.axvline(1, color=colours["text"], linewidth=1)
    axes.set_yticks(range(len(bars)), [title for title, _ in bars])
    axes.invert_yaxis()
    axes.set_xscale("log")
    values = [1.0, *(value for _, value in bars)]
    least, most = min(values) / 2.6, max(values) * 2.6
    axes.set_xlim(least, most)
    ticks = [tick for tick in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50) if least < tick < most]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("times as good as the peer")


def _latency(axes: Any, part: Part, colours: Palette) -> None:
    shades = {"ours": colours["accent"], "peer": colours["ink-400"]}
    positions = [(rate, at) for rate in (500, 1000) for at in (50, 95, 99)]
    for index, (site, shade) in enumerate(shades.items()):
        heights = [
            _median(part.runs, f"latency-{rate}", site, f"delivered_p{at}")
            for rate, at in positions
        ]
        offsets = [position + (index - 0.5) * 0.38 for position in range(len(positions))]
        drawn = axes.bar(offsets, heights, 0.36, color=shade, label=site)
        axes.bar_label(drawn, [amount(height) for height in heights], padding=2)
    names = [f"{at} of 100,\n{rate:,}/s" for rate, at in positions]
    axes.set_xticks(range(len(positions)), names)
    axes.set_ylabel("milliseconds until delivered")
    axes.legend()


def _pieces(axes: Any, part: Part, colours: Palette) -> None:
    shades = ["accent", "ink-550", "ink-400", "green-600", "red-300"]
    sites = [site for site in dict.fromkeys(run.site for run in part.runs) if site != "ours"]
    names = [name for name in SHOWN if any(run.scenario == name for run in part.runs)]
    height = 0.8 / max(1, len(names))
    for index, name in enumerate(names):
        values = [factor(part.runs, name, site, "cpu_us") or 1.0 for site in sites]
        offsets = [
            position + (index - (len(names) - 1) / 2) * height for position in range(len(sites))
        ]
        shade = colours[shades[index]]
        axes.barh(
            offsets, [value - 1 for value in values], height, 1, color=shade, label=SHOWN[name]
        )
    axes.axvline(1, color=colours["text"], linewidth=1)
    axes.set_yticks(range(len(sites)), sites)
    axes.invert_yaxis()
    axes.set_xlabel("times the server's processor time with all of it")
    axes.legend()


def _day(axes: Any, part: Part, colours: Palette) -> None:
    """From the median to the 99th of a hundred."""
    kinds = [kind for kind in DAY if _median(part.runs, "day", "ours", f"{kind}_p50")]
    for position, kind in enumerate(kinds):
        half, most = (_median(part.runs, "day", "ours", f"{kind}_p{at}") for at in (50, 99))
        axes.plot([half, most], [position, position], color=colours["ink-400"], linewidth=3)
        axes.plot(
            half, position, "o", color=colours["accent-text"], label="half" if not position else ""
        )
        axes.plot(
            most, position, "|", color=colours["text"], label="99 of 100" if not position else ""
        )
    axes.set_yticks(range(len(kinds)), [DAY[kind].removeprefix("… ") for kind in kinds])
    axes.invert_yaxis()
    axes.set_xscale("log")
    ticks = [0.5, 1, 2, 5, 10, 20, 50, 100, 200]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("milliseconds")
    axes.legend()


def _median(runs: list[Run], scenario: str, site: str, figure: str) -> float:
    """0 where there is no result."""
    chosen = [run for run in runs if (run.scenario, run.site) == (scenario, site)]
    values = by_round(figure, chosen)
    return median(values.values()) if values else 0


PLOTS: dict[str, tuple[str, float, Drawing]] = {  # the part of the results, inches, how
    "ratios": ("peer", 5.4, _ratios),
    "latency": ("peer", 3.4, _latency),
    "day": ("peer", 3.6, _day),
    "pieces": ("pieces", 7.0, _pieces),
}
