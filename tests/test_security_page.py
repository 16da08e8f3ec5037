"""What docs/security.md names to show that a requirement is met is there, and none is left out."""

import re

from tests.environment import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text()
# `tests/accounts/test_tokens.py::test_…`, `docs/deploy.md`, `.dockerignore`; not `/api/schema`
NAMED = re.compile(r"`((?:[\w@-]+/)+[\w@.-]+|[\w.-]+\.(?:md|txt|json|toml|in)|\.\w+)(?:::(\w+))?`")
ROW = re.compile(r"^\| ([\d., –]+) \| [^|]+ \| ([^|]+) \| [^|]+ \|$", re.MULTILINE)
RANGE = re.compile(r"(\d+\.\d+\.)(\d+)(?:–(\d+))?")
REQUIREMENTS = 253  # of levels 1 and 2


def test_whatever_it_names_is_there() -> None:
    named = NAMED.findall(PAGE)
    assert len(named) > 150
    assert [f"{path}::{test}" for path, test in named if not _is_there(path, test)] == []


def _is_there(path: str, test: str) -> bool:
    file = ROOT / path
    return file.exists() and (not test or f"def {test}(" in file.read_text())


def test_every_requirement_is_answered_once() -> None:
    answers: dict[str, str] = {}
    for numbers, answer in ROW.findall(PAGE):
        for section, first, last in RANGE.findall(numbers):
            for number in range(int(first), int(last or first) + 1):
                assert f"{section}{number}" not in answers
                answers[f"{section}{number}"] = answer
    assert len(answers) == REQUIREMENTS
    given = list(answers.values())
    met, idle, unmet = (given.count(each) for each in ("met", "n/a", "**not met**"))
    assert met + idle + unmet == REQUIREMENTS
    assert f"{met} are met, {idle} do not apply, {unmet} are not met." in PAGE
