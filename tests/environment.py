"""An environment for the site under test, free of what the developer's shell and `.env` hold."""

import os
import re
import runpy
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTED = re.compile(r"^# ([A-Z][A-Z0-9_]*)=(.*)$", re.MULTILINE)


def documented() -> dict[str, str]:
    """Every variable that `.env.example` explains, with the value shown there."""
    return dict(DOCUMENTED.findall((ROOT / ".env.example").read_text()))


def hermetic(**variables: str) -> dict[str, str]:
    settings = documented()
    inherited = {name: value for name, value in os.environ.items() if name not in settings}
    return {**inherited, "ENV_FILE": os.devnull, "BCRYPT_ROUNDS": "10", **variables}


def unlimited() -> dict[str, str]:
    """For a site whose visitors are all at one address, and quick."""
    return {name: "1000000" for name in documented() if name.startswith("LIMIT_")}


def settings_under(**variables: str) -> dict[str, Any]:
    """The settings that a site started with these variables would have."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        return runpy.run_path(str(ROOT / "chatsite" / "settings.py"))
