"""Fails when a requirements file is not what its `.in` file requires. It uses no network."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LOCKED = ("requirements", "requirements-dev", "benchmarks/requirements")
# A package, its release, and the indented lines below: hashes, and who requires it.
ENTRY = re.compile(r"^([\w.-]+)==(\S+)(.*(?:\n    .*)*)", re.MULTILINE)


def main() -> None:
    if problems := [problem for name in LOCKED for problem in problems_of(ROOT / name)]:
        print(*problems, sep="\n", file=sys.stderr)
        raise SystemExit("Bring the files up to date with: make lock")


def problems_of(path: Path) -> Iterator[str]:
    """`path` is without its suffix."""
    text = path.with_suffix(".txt").read_text()
    entries = [(canonicalize_name(name), *rest) for name, *rest in ENTRY.findall(text)]
    requested = {canonicalize_name(each.name): each for each in wanted(path.with_suffix(".in"))}
    for name, requirement in requested.items():
        if not any(
            name == other and version in requirement.specifier for other, version, _ in entries
        ):
            yield f"{path.name}.txt lacks {requirement}"
    for name, version, rest in entries:
        if "--hash=sha256:" not in rest:
            yield f"{path.name}.txt has no hash of {name}=={version}"
        if re.search(rf"-r \S*{path.name}\.in$", rest, re.MULTILINE) and name not in requested:
            yield f"{path.name}.txt has {name}=={version}, which nothing asks for any more"


def wanted(path: Path) -> Iterator[Requirement]:
    for line in path.read_text().splitlines():
        if line and not line.startswith(("#", "-")):
            yield Requirement(line)


if __name__ == "__main__":
    main()
