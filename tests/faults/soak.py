"""The long form, `make soak MINUTES=10`: round after round, each with another order of faults."""

import asyncio
import itertools
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.report import Report
from tests.faults.run import MANY, ONE, Topology, run

SUMMED = (
    "sent",
    "refused",
    "acknowledged",
    "stored",
    "files",
    "files_whole",
    "files_doubled",
    "fetched",
    "due",
    "received",
    "changes_of_members",
    "duplicates",
    "losses",
    "seen_by_strangers",
    "scheduled",
    "scheduled_sent",
    "scheduled_doubled",
    "mails",
    "mails_sent",
    "mails_doubled",
    "fleeting",
    "fleeting_files",
    "seen_late",
    "exports",
    "exported",
    "exported_doubled",
    "imports",
    "imported",
    "imported_doubled",
    "own_again",
    "restored",
    "restored_files",
    "early",
    "left_behind",
)


def main(minutes: float) -> None:
    end = time.monotonic() + 60 * minutes
    reports: list[Report] = []
    for seed, topology in zip(itertools.count(1), itertools.cycle([MANY, MANY, ONE])):
        reports.append(_report(topology, seed))
        if time.monotonic() > end or not reports[-1].keeps_the_promise:
            break
    sys.stdout.write(f"{_total(reports)}\n")
    sys.exit(not all(report.keeps_the_promise for report in reports))


def _report(topology: Topology, seed: int) -> Report:
    with tempfile.TemporaryDirectory(prefix="chatsite-soak-") as folder:
        report = asyncio.run(run(topology, Path(folder), rounds=2, seed=seed))
    sys.stdout.write(f"{report}\n")
    sys.stdout.flush()
    return report


def _total(reports: list[Report]) -> str:
    sums = {name: sum(getattr(report, name) for report in reports) for name in SUMMED}
    faults = sum(sum(report.faults.values()) for report in reports)
    counts = ", ".join(f"{name} {count}" for name, count in sums.items())
    return f"{len(reports)} runs, {faults} faults: {counts}"


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 10)
