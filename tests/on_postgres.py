"""Runs the tests that ask the database on a PostgreSQL of their own; takes pytest's options."""

import os
import subprocess
import sys
from collections.abc import Sequence

import pytest

from tests import services


def main(options: Sequence[str]) -> int:
    """The exit code: also 0 when there is no PostgreSQL, or no such test among those asked for."""
    try:
        with services.postgres() as server:
            return _run(server.url, options)
    except (pytest.skip.Exception, pytest.fail.Exception) as reason:
        sys.stderr.write(f"Not tested on PostgreSQL: {reason}\n")
        return int(isinstance(reason, pytest.fail.Exception))


def _run(url: str, options: Sequence[str]) -> int:
    command = [sys.executable, "-m", "pytest", "-m", "database", *options]
    code = subprocess.call(command, env={**os.environ, "DATABASE_URL": url})
    return 0 if code == pytest.ExitCode.NO_TESTS_COLLECTED else code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
