"""The workers, started as deploy/ and the Dockerfile start them."""

import json
import re
import shlex
from pathlib import Path

from websockets.sync.client import connect

from tests.environment import ROOT
from tests.production import PATIENCE, production

UVICORN = "chatsite.asgi:application"
PLACE = re.compile(r"--(host|port) \S+ ?")


def options_of_unit() -> str:
    text = (ROOT / "deploy" / "chatsite@.service").read_text()
    [line] = re.findall(r"^ExecStart=(.+)$", text, re.MULTILINE)
    return _options(line)


def options_of_image() -> str:
    text = (ROOT / "Dockerfile").read_text()
    [command] = re.findall(r"^CMD (\[.+?\])", text, re.MULTILINE | re.DOTALL)
    return _options(" ".join(json.loads(command.replace("\\\n", ""))))


def _options(command: str) -> str:
    return PLACE.sub("", command.partition(UVICORN)[2]).strip()


def test_both_ways_have_the_same_options() -> None:
    assert options_of_unit() == options_of_image()


def test_frames_are_not_unpacked(tmp_path: Path) -> None:
    """A few kilobytes would become many frames of 16 MB before anybody counts them."""
    with production(tmp_path, *shlex.split(options_of_image())) as server:
        token = server.sign_up("Ada", "ada@example.org", "correct horse").cookies["jwt"]
        address = server.url.replace("http", "ws") + "/ws/chat/"
        cookie = {"Cookie": f"jwt={token}"}
        with connect(
            address, additional_headers=cookie, compression="deflate", proxy=None
        ) as socket:
            assert json.loads(socket.recv(PATIENCE))["event"] == "getOnlineUsers"
            assert not socket.protocol.extensions
