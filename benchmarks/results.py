"""What was measured, as it is kept: a file a day and commit in benchmarks/results.

`{"parts": {"peer" | "pieces" | "workers" | "doors": {"made", "commit", "changed", "machine",
"versions", "settings", "runs": [{"scenario", "site", "round", "figures"}]}}}`
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.load.figures import Figures

FOLDER = Path(__file__).resolve().parent / "results"
PARTS = ("peer", "pieces", "workers", "doors")


@dataclass(frozen=True)
class Run:
    scenario: str
    site: str  # "ours", "peer", "without …", "1 worker", "2 workers", "native", "Socket.IO"
    round: int
    figures: Figures

    @property
    def errors(self) -> float:
        return self.figures.get("errors", 1)


@dataclass(frozen=True)
class Part:
    made: str
    commit: str
    changed: bool  # something was not committed
    machine: dict[str, Any]
    versions: dict[str, str]
    settings: dict[str, Any]
    runs: list[Run]

    @classmethod
    def read(cls, kept: dict[str, Any]) -> "Part":
        runs = [Run(**run) for run in kept["runs"]]
        return cls(**{**kept, "runs": runs})


def save(name: str, part: Part, file: Path) -> None:
    """Takes the place of the same part in the file, and leaves the others."""
    kept = json.loads(file.read_text()) if file.exists() else {"parts": {}}
    kept["parts"][name] = asdict(part)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")


def newest(folder: Path) -> dict[str, Part]:
    """Of each part the one made last, in whichever file."""
    found: dict[str, Part] = {}
    for file in sorted(folder.glob("*.json")):
        for name, kept in json.loads(file.read_text())["parts"].items():
            part = Part.read(kept)
            if name not in found or found[name].made < part.made:
                found[name] = part
    return found
