"""Measures the site, beside what people run instead: `make bench`, explained in README.md."""

import argparse
import datetime
import gc
import os
import shutil
import sys
from dataclasses import asdict, replace
from pathlib import Path

from benchmarks import plans, results
from benchmarks.load.scenarios.catalogue import SCENARIOS
from benchmarks.load.sizes import QUICK, Size
from benchmarks.sites import machine, peer
from benchmarks.sites.deployed import SERVE
from benchmarks.sites.ours import Ours
from benchmarks.sites.processes import ROOT, CannotMeasure, allow_many_files
from benchmarks.summary import summary


def main() -> None:
    arguments = _arguments()
    if arguments.report:
        from benchmarks.report import write

        write()
        return
    try:
        _measure(arguments)
    except CannotMeasure as problem:
        sys.exit(str(problem))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description=__doc__)
    parser.add_argument("--scenarios", type=_scenarios, metavar="NAME,…", help=", ".join(SCENARIOS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, help="of each measurement")
    parser.add_argument("--without", default="", metavar="PIECE,…", help="of the fast path")
    parser.add_argument("--ablation", action="store_true", help="each piece left out in turn")
    parser.add_argument("--workers", action="store_true", help="one and two of them on PostgreSQL")
    parser.add_argument("--doors", action="store_true", help="native sockets and Socket.IO")
    parser.add_argument("--quick", action="store_true", help="only whether it works; not kept")
    parser.add_argument("--no-peer", action="store_true", help="ours alone")
    parser.add_argument("--log-level", default="INFO", help="our site's")
    parser.add_argument("--report", action="store_true", help="measure nothing, write the page")
    parser.add_argument("--port", type=int, default=8350, help="the first of 30 that are free")
    parser.add_argument("--scratch", type=Path, default=ROOT / "var" / "bench")
    parser.add_argument("--out", type=Path, help="the file of the results")
    return parser.parse_args()


def _scenarios(listed: str) -> list[str]:
    names = [name.strip() for name in listed.split(",")]
    if unknown := [name for name in names if name not in SCENARIOS]:
        raise argparse.ArgumentTypeError(f"no scenario {unknown[0]!r}: {', '.join(SCENARIOS)}")
    return names


def _measure(arguments: argparse.Namespace) -> None:
    size = _size(arguments)
    name, plan = _plan(arguments, size)
    where = machine.machine()
    gc.freeze()  # what the generator consists of needs no collecting between two sends
    os.sched_setaffinity(0, machine.cores().generator)
    runs = []
    for run in plan:
        runs.append(run)
        sys.stderr.write(f"{plans.described(run)}\n")
    part = _part(arguments, size, where, runs)
    sys.stdout.write(summary(name, part))
    if arguments.quick:
        sys.stdout.write("\nQuick: this says that it works, not how fast it is (README.md).\n")
    if file := _file(arguments, part):
        results.save(name, part, file)
        sys.stdout.write(f"\nKept in {file}\n")


def _size(arguments: argparse.Namespace) -> Size:
    size = QUICK if arguments.quick else Size()
    size = replace(size, seconds=arguments.seconds) if arguments.seconds else size
    most = allow_many_files() - 500
    if most < size.idle:
        sys.stderr.write(f"Only {most} sockets: `ulimit -Hn` allows no more\n")
        size = replace(size, idle=most)
    return size


def _plan(arguments: argparse.Namespace, size: Size) -> plans.Plan:
    arguments.scratch.mkdir(parents=True, exist_ok=True)
    arguments.rounds = 1 if arguments.quick else arguments.rounds
    cores = machine.cores()
    ours = Ours(
        arguments.scratch.resolve(),
        arguments.port,
        cores,
        [piece for piece in arguments.without.split(",") if piece],
        arguments.log_level,
    )
    if arguments.workers:
        return plans.workers(ours, size, arguments.rounds, arguments.scenarios)
    if arguments.doors:
        return plans.doors(ours, size, arguments.rounds, arguments.scenarios)
    if arguments.ablation:
        return plans.pieces(ours, size, arguments.rounds, arguments.scenarios)
    other = peer.Peer(arguments.scratch.resolve(), arguments.port + 1, cores)
    if reason := "not asked for" if arguments.no_peer else peer.why_not():
        sys.stderr.write(f"Without the peer: {reason}\n")
    return plans.beside_peer(
        ours, None if reason else other, size, arguments.rounds, arguments.scenarios
    )


def _part(
    arguments: argparse.Namespace, size: Size, where: machine.Machine, runs: list[results.Run]
) -> results.Part:
    commit, changed = machine.commit()
    return results.Part(
        made=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        commit=commit,
        changed=changed,
        machine=where,
        versions=machine.versions(shutil.which("node")),
        settings={
            "command": " ".join(["python", *SERVE]),
            "log_level": arguments.log_level,
            "rounds": arguments.rounds,
            "size": asdict(size),
            "without": arguments.without,
        },
        runs=runs,
    )


def _file(arguments: argparse.Namespace, part: results.Part) -> Path | None:
    if arguments.out:
        return Path(arguments.out)
    is_whole = not (arguments.quick or arguments.scenarios or arguments.without)
    if not is_whole:
        return None
    return results.FOLDER / f"{part.made[:10]}-{part.commit}.json"


if __name__ == "__main__":
    main()
