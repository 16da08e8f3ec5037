"""The document of the calls against a running site, by schemathesis with all its checks.

`CASES=2000 make test ARGS=tests/contract/test_schema_fuzzed.py` tries more of each call, `SEED`
others.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.contract.documents import Document, closed
from tests.factories import PASSWORD
from tests.production import Server, production

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
HOOKS = Path(__file__).with_name("schemathesis_hooks.py")
CASES = os.environ.get("CASES", "15")  # of each call, in each of two phases
SEED = os.environ.get("SEED", "1")
SCHEMATHESIS = [
    sys.executable,
    "-c",
    "from schemathesis.cli import schemathesis; schemathesis()",
]
UNLIMITED = dict.fromkeys(
    [
        "LIMIT_WRITES",
        "LIMIT_READS",
        "LIMIT_SEARCHES",
        "LIMIT_SENDS",
        "LIMIT_UPLOADS",
        "LIMIT_PREVIEWS",
        "LIMIT_SIGN_UPS",
        "LIMIT_LOG_INS",
        "LIMIT_LOG_INS_PER_ADDRESS",
    ],
    "1000000000",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with production(tmp_path_factory.mktemp("site"), **UNLIMITED) as server:
        yield server


@pytest.fixture(scope="module")
def folder(site: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the configuration and what it refers to: three people, who have talked, and groups."""
    folder = tmp_path_factory.mktemp("schemathesis")
    shutil.copy(CONFIGURATION, folder)
    (ada, ada_id), (bo, bo_id), (_cy, cy_id) = (_person(site, name) for name in ("ada", "bo", "cy"))
    messages = []
    for number in range(10):
        messages.append(_send(site, ada, bo_id, str(number)))
        messages.append(_send(site, bo, ada_id, str(number)))
    _note(folder / "people.txt", [ada_id, bo_id, cy_id])
    groups = [_group(site, ada, "Two", [bo_id]), _group(site, bo, "Three", [ada_id, cy_id])]
    _note(folder / "groups.txt", groups)
    _note(folder / "messages.txt", messages)
    (folder / "token").write_text(ada)
    return folder


@pytest.mark.timeout(4 * 3600)
def test_no_answer_breaks_the_document(site: Server, folder: Path) -> None:
    done = _try(site, folder, _document(site), "--seed", SEED, "-n", CASES)
    sys.stdout.write(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_answer_that_breaks_it_would_be_found(site: Server, folder: Path) -> None:
    document = _document(site)
    user = document["components"]["schemas"]["PersonRecord"]
    del user["properties"]["email"]
    user["required"].remove("email")
    one = ["--include-operation-id", "checkAuth", "--phases", "fuzzing", "-n", "1"]
    done = _try(site, folder, document, *one)
    assert done.returncode == 1, done.stdout
    assert "Response violates schema" in done.stdout


def _document(site: Server) -> Document:
    return closed(httpx.get(f"{site.url}/api/schema").raise_for_status().json())


def _try(
    site: Server, folder: Path, document: Document, *options: str
) -> subprocess.CompletedProcess[str]:
    (folder / "openapi.json").write_text(json.dumps(document))
    token = (folder / "token").read_text()
    return subprocess.run(
        [
            *SCHEMATHESIS,
            "run",
            "openapi.json",
            "--checks",
            "all",
            "--url",
            site.url,
            "--no-color",
            *options,
        ],
        cwd=folder,
        env={**os.environ, "SCHEMATHESIS_HOOKS": str(HOOKS), "TOKEN": token},
        capture_output=True,
        text=True,
    )


def _person(site: Server, name: str) -> tuple[str, str]:
    """The token and the key."""
    answer = site.sign_up(name, f"{name}@example.org", PASSWORD).raise_for_status()
    return answer.cookies["jwt"], answer.json()["_id"]


def _send(site: Server, token: str, receiver_id: str, text: str) -> str:
    return _made(site, token, f"messages/send/{receiver_id}", {"text": text})


def _group(site: Server, token: str, name: str, people: list[str]) -> str:
    return _made(site, token, "groups", {"name": name, "people": people})


def _made(site: Server, token: str, path: str, body: dict[str, object]) -> str:
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.post(f"{site.url}/api/{path}", json=body, headers=headers)
    return str(answer.raise_for_status().json()["_id"])


def _note(path: Path, keys: Iterable[str]) -> None:
    path.write_text("".join(f'"{key}"\n' for key in keys))
