"""Programs for what strangers send, each in a process of its own that has nothing of the site:
neither its memory nor its environment, and no file that is open there.

Both ends are here. Such a program needs no more of the site than this, and imports it quickly.
"""

import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import Pipe
from multiprocessing.connection import Connection

LOWER_PRIORITY = 10  # a tenth of a core where the site wants all of it, so that it still ends


def start(
    module: str, *arguments: str, env: Mapping[str, str] | None = None
) -> tuple[subprocess.Popen[bytes], Connection]:
    """The process, and our end of the line to it, which is its standard input. It gets nothing of
    the environment but `env`.
    """
    ours, its_end = Pipe()
    process = subprocess.Popen(  # noqa: S603  nothing of it comes from outside
        [sys.executable, "-P", "-m", module, *arguments],
        stdin=its_end.fileno(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PYTHONPATH": os.pathsep.join(sys.path), **(env or {})},
    )
    its_end.close()
    return process, ours


@contextmanager
def killed_after(process: subprocess.Popen[bytes], seconds: float) -> Iterator[None]:
    """Unless the block ends before."""
    timer = threading.Timer(seconds, process.kill)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def hold_back(*, memory: int) -> None:
    """In the program: it has so many bytes, writes no file, and comes after the site. The site
    tells when to end, by closing the line: a signal to all of its processes is not for this one,
    whose work may still be wanted.
    """
    os.nice(LOWER_PRIORITY)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    for nothing in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):
        resource.setrlimit(nothing, (0, 0))
