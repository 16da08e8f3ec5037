"""What processes cost: processor time and memory of each with all its descendants."""

import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

CPUCLOCK_SCHED = 2  # of the kernel: what the scheduler gave to all threads
PROC = Path("/proc")


def processor_seconds(roots: Iterable[int]) -> float:
    """User and system time so far, of threads that have ended, too."""
    return sum(_processor_seconds(process) for process in family(roots))


def memory_kib(roots: Iterable[int]) -> int:
    """Proportional set size: what is shared counts in parts."""
    return sum(_pss(process) for process in family(roots))


def family(roots: Iterable[int]) -> set[int]:
    children = defaultdict(list)
    for entry in PROC.iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children[int(fields[1])].append(int(entry.name))
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        process = waiting.pop()
        if process not in found:
            found.add(process)
            waiting += children[process]
    return found


def _processor_seconds(process: int) -> float:
    """By the process's clock, as clock_getcpuclockid(3) makes it: /proc counts in hundredths."""
    try:
        return time.clock_gettime((~process << 3) | CPUCLOCK_SCHED)
    except OSError:
        return 0


def _stat(process: int) -> list[str]:
    """The fields after the program's name; none once the process is gone."""
    try:
        text = (PROC / str(process) / "stat").read_text()
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def _pss(process: int) -> int:
    try:
        lines = (PROC / str(process) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
