"""Rounds that were never run."""

from typing import Any

from benchmarks.results import Part, Run


def run(scenario: str, site: str, at: int = 1, **figures: float) -> Run:
    return Run(scenario, site, at, {"errors": 0, **figures})


def part(*runs: Run, **changed: Any) -> Part:
    fields = {
        "made": "2026-01-02T03:04:05+00:00",
        "commit": "0123456",
        "changed": False,
        "machine": {"processor": "A processor", "cores": 2, "kernel": "6.1", "system": "Linux"},
        "versions": {"Python": "3.11.0"},
        "settings": {
            "command": "uvicorn a:b",
            "log_level": "INFO",
            "rounds": 3,
            "size": {"seconds": 4},
            "without": "",
        },
    }
    return Part(**{**fields, **changed}, runs=list(runs))
