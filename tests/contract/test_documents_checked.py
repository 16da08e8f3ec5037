"""Both documents, as tools of others see them: nothing to find fault with."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from chatsite.schema.views import document
from messaging.realtime import asyncapi
from tests.npm import packages
from tests.services import find

SOURCE = Path(__file__).parent / "tools"
NAME = "document-tools"
GENERATOR = "import sys; from openapi_python_client.cli import app; app(sys.argv[1:])"


@pytest.fixture
def openapi(tmp_path: Path) -> Path:
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(document()))
    return path


def test_a_linter_says_nothing_of_the_calls(openapi: Path) -> None:
    redocly = packages(SOURCE, NAME) / "@redocly" / "cli" / "bin" / "cli.js"
    command = [find("node"), str(redocly), "lint", str(openapi), "--format=json"]
    offline = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=offline)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["problems"] == []


def test_a_client_is_generated_of_all_calls(openapi: Path, tmp_path: Path) -> None:
    """With the linters that it runs over its own work."""
    client = tmp_path / "client"
    # The generator knows no other name of a file's bytes.
    config = tmp_path / "config.json"
    names = ("*/*", "application/offset+octet-stream")
    overrides = dict.fromkeys(names, "application/octet-stream")
    config.write_text(json.dumps({"content_type_overrides": overrides}), encoding="utf-8")
    options = ["generate", "--path", str(openapi), "--output-path", str(client), "--meta", "none"]
    options += ["--config", str(config)]
    command = [sys.executable, "-c", GENERATOR, *options, "--fail-on-warning"]
    path = {"PATH": str(Path(sys.executable).parent)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=path)
    assert done.returncode == 0, done.stdout + done.stderr
    made = {file.stem for file in (client / "api").rglob("*.py")} - {"__init__"}
    calls = [call for methods in document()["paths"].values() for call in methods.values()]
    assert len(made) == len(calls)


def test_the_live_events_are_asyncapi_of_the_current_version() -> None:
    schemas = packages(SOURCE, NAME) / "@asyncapi" / "specs" / "schemas"
    versions = [path.stem for path in schemas.glob("*.*.*.json") if "-" not in path.stem]
    current = max(versions, key=lambda version: [int(part) for part in version.split(".")])
    assert asyncapi.document()["asyncapi"] == current
    schema = json.loads((schemas / f"{current}.json").read_text())
    errors = [error.message for error in Draft7Validator(schema).iter_errors(asyncapi.document())]
    assert not errors
