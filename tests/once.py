"""What one worker of a test run makes, and the others find made."""

import fcntl
import os
from collections.abc import Callable
from uuid import uuid4

from tests.environment import ROOT

FOLDER = ROOT / "var" / "tests"
RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid4().hex  # which its workers share


def once(name: str, make: Callable[[], object]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / f"{name}.lock").open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        if file.read() == RUN:
            return
        make()
        file.truncate(0)
        file.write(RUN)
