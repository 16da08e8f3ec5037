"""Programs for what strangers send, each in a process that has nothing of the site: neither its
memory nor its environment, and no file that is open there.

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
    """The process, and our end of the pipe that is its standard input. It gets nothing of the
    environment but `env`.
    """
    our_end, its_end = Pipe()
    process = subprocess.Popen(  # noqa: S603  nothing of it comes from outside
        [sys.executable, "-P", "-m", module, *arguments],
        stdin=its_end.fileno(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PYTHONPATH": os.pathsep.join(sys.path), **(env or {})},
    )
    its_end.close()
    return process, our_end


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


def restrict(*, memory: int) -> None:
    """In the program: it has so many bytes, writes no file, and runs below the site's priority. The
    site ends it by closing the pipe: a signal to all of its processes is not for this one, whose
    work may still be wanted.
    """
    os.nice(LOWER_PRIORITY)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    for limit in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):
        resource.setrlimit(limit, (0, 0))
