"""Measures the pages in a browser: `python -m benchmarks.pages`, explained in README.md."""

import argparse
import datetime
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser

from benchmarks.load.figures import Figures
from benchmarks.pages.browser import browser, signed_in
from benchmarks.pages.loading import visits
from benchmarks.pages.scrolling import scroll
from benchmarks.pages.site import LONG, SHORT, Site, site
from benchmarks.pages.tables import tables
from benchmarks.pages.traffic import HOUR, hour
from benchmarks.results import FOLDER, Part, Run, save
from benchmarks.sites import machine
from benchmarks.sites.deployed import SERVE
from benchmarks.sites.processes import CannotMeasure

PARTS = ("loading", "scrolling", "traffic")
SCREEN = {"width": 1280, "height": 800}


def main() -> None:
    arguments = _arguments()
    where = machine.machine()
    try:
        with tempfile.TemporaryDirectory() as folder:
            runs = list(_runs(arguments, Path(folder)))
    except CannotMeasure as problem:
        sys.exit(str(problem))
    part = _part(arguments, where, runs)
    sys.stdout.write(tables(runs))
    if file := _file(arguments, part):
        save("pages", part, file)
        sys.stdout.write(f"\nKept in {file}\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("--parts", type=_parts, default=list(PARTS), help=", ".join(PARTS))
    parser.add_argument("--rounds", type=int, default=3, help="of loading")
    parser.add_argument("--messages", type=int, default=HOUR, help="of the hour's traffic")
    parser.add_argument("--port", type=int, default=8345)
    parser.add_argument("--out", type=Path, help="the file of the results")
    return parser.parse_args()


def _parts(listed: str) -> list[str]:
    names = listed.split(",")
    if unknown := [name for name in names if name not in PARTS]:
        raise argparse.ArgumentTypeError(f"no part {unknown[0]!r}: {', '.join(PARTS)}")
    return names


def _runs(arguments: argparse.Namespace, scratch: Path) -> Iterator[Run]:
    with site(scratch, arguments.port) as ours, browser() as chromium:
        for name, number, figures in _measured(arguments, ours, chromium):
            sys.stderr.write(f"{name}: {figures}\n")
            yield Run(name, "ours", number, figures | {"errors": 0})


def _measured(
    arguments: argparse.Namespace, ours: Site, chromium: Browser
) -> Iterator[tuple[str, int, Figures]]:
    if "loading" in arguments.parts:
        for number in range(1, arguments.rounds + 1):
            for name, figures in _loading(ours, chromium).items():
                yield name, number, figures
    if "scrolling" in arguments.parts:
        context = signed_in(chromium, ours.url, ours.reader, viewport=SCREEN)
        yield "scrolling", 1, scroll(context.new_page(), f"/chat/{ours.long_peer.id}")
        context.close()
    if "traffic" in arguments.parts:
        for number, figures in enumerate(hour(chromium, ours, arguments.messages)):
            yield "traffic", number, figures


def _loading(ours: Site, chromium: Browser) -> dict[str, Figures]:
    pages = {"/login": None, f"/chat/{ours.peer.id}": ours.reader}
    return {
        f"{path.split('/')[1]} {visit}": figures
        for path, person in pages.items()
        for visit, figures in visits(chromium, ours.url, path, person).items()
    }


def _part(arguments: argparse.Namespace, where: machine.Machine, runs: list[Run]) -> Part:
    commit, changed = machine.commit()
    return Part(
        made=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        commit=commit,
        changed=changed,
        machine=where,
        versions=machine.versions(shutil.which("node")),
        settings={
            "command": " ".join(["python", *SERVE]),
            "rounds": arguments.rounds,
            "messages": {"chat": SHORT, "scrolling": LONG, "traffic": arguments.messages},
        },
        runs=runs,
    )


def _file(arguments: argparse.Namespace, part: Part) -> Path | None:
    """Nothing is kept of what was narrowed, but where it is said."""
    if arguments.out:
        return Path(arguments.out)
    is_whole = set(arguments.parts) == set(PARTS) and arguments.messages >= HOUR
    return FOLDER / f"pages-{part.made[:10]}-{part.commit}.json" if is_whole else None


if __name__ == "__main__":
    main()
