"""Writes docs/performance.md and its plots from the newest results.

The words are in performance.md beside this file, where `{{ name }}` is filled; change them there.
"""

import argparse
import re
from pathlib import Path

from benchmarks import results
from benchmarks.ablation import ablation
from benchmarks.results import Part
from benchmarks.rows import DOOR_ROWS, ROWS, WORKER_ROWS
from benchmarks.summary import DAY_TITLES, DOOR_TITLES, WORKER_TITLES
from benchmarks.tables import TITLES, cells, comparisons, day_cells, markdown

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = ROOT / "benchmarks" / "performance.md"
PAGE = ROOT / "docs" / "performance.md"
FIELD = re.compile(r"\{\{ (\w+) \}\}")
NOTHING = "_Not measured yet._\n"
PLOT = """<picture>
  <source media="(prefers-color-scheme: dark)" srcset="performance/{name}-dark.svg">
  <img alt="{alt}" src="performance/{name}.svg">
</picture>
"""
ALTS = {
    "ratios": "How many times as good as the peer this site is, one bar a figure of the table",
    "latency": "Milliseconds until a message is delivered, of this site and the peer",
    "day": "Milliseconds for each kind of call of the mixed day, half and 99 of 100",
    "pieces": "Processor time without each piece of the fast path",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--results", type=Path, default=results.FOLDER, help="their folder")
    parser.add_argument("--page", type=Path, default=PAGE, help="the file to write")
    arguments = parser.parse_args()
    write(arguments.results, arguments.page)


def write(folder: Path = results.FOLDER, page: Path = PAGE) -> None:
    from benchmarks.plots import draw

    parts = results.newest(folder)
    drawn = draw(parts, page.parent / "performance")
    page.write_text(render(TEMPLATE.read_text(), parts, drawn))


def render(template: str, parts: dict[str, Part], drawn: list[str]) -> str:
    """Raises KeyError for a field that nobody fills."""
    fields = dict.fromkeys(("table", "day", "workers", "doors", "pieces"), NOTHING) | {"how": ""}
    if beside := parts.get("peer"):
        compared = map(cells, comparisons(ROWS, beside.runs, "ours", "peer"))
        fields["table"] = _taken(beside) + markdown(TITLES, compared)
        fields["day"] = markdown(DAY_TITLES, day_cells(beside.runs))
        fields["how"] = _how(beside)
    if shared := parts.get("workers"):
        compared = map(cells, comparisons(WORKER_ROWS, shared.runs, "2 workers", "1 worker"))
        fields["workers"] = _taken(shared) + markdown(WORKER_TITLES, compared)
    if by_door := parts.get("doors"):
        compared = map(cells, comparisons(DOOR_ROWS, by_door.runs, "Socket.IO", "native"))
        fields["doors"] = _taken(by_door) + markdown(DOOR_TITLES, compared)
    if apart := parts.get("pieces"):
        fields["pieces"] = _taken(apart) + markdown(*ablation(apart.runs))
    for name, alt in ALTS.items():
        fields[f"plot_{name}"] = PLOT.format(name=name, alt=alt) if name in drawn else ""
    text = FIELD.sub(lambda found: fields[found[1]].rstrip(), template)
    return re.sub(r"\n{3,}", "\n\n", text)


def _taken(part: Part) -> str:
    changed = " with changes that were not committed" if part.changed else ""
    rounds = part.settings["rounds"]
    return (
        f"{part.made[:10]}, commit `{part.commit}`{changed}, {rounds} round{'s' * (rounds > 1)}, "
        f"{part.machine['cores']} cores ({part.machine['processor']}).\n\n"
    )


def _how(part: Part) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in sorted(part.versions.items()))
    seconds = part.settings["size"]["seconds"]
    without = part.settings["without"]
    return (
        f"- Started by `{part.settings['command']}`, log level {part.settings['log_level']}"
        f"{f', without {without}' if without else ''}; {seconds:g} seconds a measurement.\n"
        f"- {part.machine['system']} {part.machine['kernel']}; {versions}.\n"
    )


if __name__ == "__main__":
    main()
