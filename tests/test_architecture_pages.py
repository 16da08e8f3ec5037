"""What ARCHITECTURE.md and docs/design/ name is there: files by their paths, names in the code."""

import re
from pathlib import Path

import pytest

from tests.environment import ROOT

PAGES = [ROOT / "ARCHITECTURE.md", *sorted((ROOT / "docs" / "design").glob("*.md"))]
FOLDERS = (
    *("accounts", "chatsite", "messaging", "scheduler", "static", "templates", "tests"),
    *("benchmarks", "deploy", "scripts", "docs"),
)
NAMED = re.compile(r"`([^`\n]+)`")
FILE = re.compile(r"[\w./*-]+\.(?:py|js|css|html|md|toml|txt|json|yml)")
NAME = re.compile(r"[A-Za-z]\w*")


@pytest.fixture(scope="module")
def files() -> list[str]:
    found = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file())
    return [f"/{path.relative_to(ROOT)}" for path in [*found, *ROOT.iterdir()]]


@pytest.fixture(scope="module")
def names(files: list[str]) -> set[str]:
    sources = (".py", ".js", ".html", ".css", ".conf", ".toml", ".txt", ".yml", "Makefile")
    texts = ((ROOT / each[1:]).read_text() for each in files if each.endswith(sources))
    in_files = {name for text in texts for name in NAME.findall(text)}
    return in_files | {name for each in files for name in NAME.findall(each)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_whatever_it_names_is_there(page: Path, files: list[str], names: set[str]) -> None:
    named = NAMED.findall(page.read_text())
    assert len(named) > 10
    assert [each for each in named if not _is_there(each, files, names)] == []


def _is_there(named: str, files: list[str], names: set[str]) -> bool:
    if FILE.fullmatch(named) and "*" not in named:
        return any(file.endswith(f"/{named}") for file in files)
    return all(name in names for name in NAME.findall(named))
