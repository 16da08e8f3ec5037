"""The server, which is started by the same command everywhere."""

import json
import re
import shlex
from pathlib import Path

import pytest
import yaml
from websockets.sync.client import connect

from chatsite.serve import OPTIONS
from tests.environment import ROOT
from tests.production import PATIENCE, production

COMMAND = ["python", "-m", "chatsite.serve"]


def command_of_unit() -> list[str]:
    text = (ROOT / "deploy" / "chatsite@.service").read_text()
    [line] = re.findall(r"^ExecStart=(.+)$", text, re.MULTILINE)
    program, *arguments = shlex.split(line)
    return [Path(program).name, *arguments]


def command_of_image() -> list[str]:
    [line] = re.findall(r"^CMD (\[.+\])$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    command: list[str] = json.loads(line)
    return command


def test_image_and_unit_start_it_by_the_same_command() -> None:
    assert command_of_unit() == command_of_image() == COMMAND
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    assert "command" not in services["web"]


@pytest.mark.parametrize("path", ["README.md", "docs/deploy.md"])
def test_so_do_the_docs(path: str) -> None:
    text = (ROOT / path).read_text()
    assert "uvicorn chatsite" not in text
    assert " ".join(COMMAND) in text or "chatsite@.service" in text


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("loop", "chatsite.loop:Loop"),
        ("http", "httptools"),
        ("ws", "websockets-sansio"),
        ("access_log", False),
        ("proxy_headers", False),
    ],
)
def test_what_makes_it_fast_and_safe_is_chosen(option: str, value: object) -> None:
    assert OPTIONS[option] == value


def test_frames_are_not_unpacked(tmp_path: Path) -> None:
    """A few kilobytes would become many frames of 16 MB before anybody counts them."""
    with production(tmp_path) as server:
        token = server.sign_up("Ada", "ada@example.org", "correct horse").cookies["jwt"]
        address = server.url.replace("http", "ws") + "/ws/chat/"
        cookie = {"Cookie": f"jwt={token}"}
        with connect(
            address, additional_headers=cookie, compression="deflate", proxy=None
        ) as socket:
            assert json.loads(socket.recv(PATIENCE))["event"] == "getOnlineUsers"
            assert not socket.protocol.extensions
