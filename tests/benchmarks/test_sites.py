"""What is started, and what its processes cost."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.load.processes import family, memory_kib, processor_seconds
from benchmarks.sites.processes import CannotMeasure, running
from tests.services import free_port

SERVES = (
    "import http.server as h; h.test(h.SimpleHTTPRequestHandler, port={port}, bind='127.0.0.1')"
)


def test_a_server_runs_until_it_is_not_needed(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-c", SERVES.format(port=port)]
    with running(command, port=port, log=tmp_path / "log", cores=[0]) as process:
        assert Path(f"/proc/{process}").exists()
        assert os.sched_getaffinity(process) == {0}
    assert not Path(f"/proc/{process}").exists()


def test_a_server_that_ends_says_why(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such table')"]
    with (
        pytest.raises(CannotMeasure, match="no such table"),
        running(command, port=free_port(), log=tmp_path / "log"),
    ):
        pass


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-c", SERVES.format(port=port)]
    with (
        running(command, port=port, log=tmp_path / "log"),
        pytest.raises(CannotMeasure, match=f"Port {port} is taken"),
        running(command, port=port, log=tmp_path / "log"),
    ):
        pass


def test_children_count() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert {os.getpid(), child.pid} <= family([os.getpid()])
        assert memory_kib([os.getpid()]) > 0
        child.communicate(b"\n")
    assert child.pid not in family([os.getpid()])


def test_what_is_gone_costs_nothing() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert (processor_seconds([child.pid]), memory_kib([child.pid])) == (0, 0)
