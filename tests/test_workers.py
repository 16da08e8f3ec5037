"""The server, which is started by the same command everywhere."""

import json
import re
import shlex
import time
from email.utils import parsedate_to_datetime
from itertools import cycle
from pathlib import Path
from socket import create_connection
from typing import Any

import httpx
import pytest
import yaml
from websockets.sync.client import connect

from chatsite.serve import OPTIONS
from tests import services
from tests.environment import ROOT, unlimited
from tests.production import PATIENCE, Server, production

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
        ("http", "chatsite.uvicorn_protocols.http:HttpProtocol"),
        ("ws", "chatsite.uvicorn_protocols.websockets:WebSocketProtocol"),
        ("access_log", False),
        ("proxy_headers", False),
        ("reset_contextvars", True),
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


def test_each_of_several_requests_that_are_sent_at_once_counts(tmp_path: Path) -> None:
    """The first is refused, and so gone through twice, but counted once."""
    paths = [f"/api/messages/{'0' * 24}", *["/api/messages/contacts?search=x"] * 12]
    with production(tmp_path, LIMIT_READS="3") as server:
        token = server.sign_up("Ada", "ada@example.org", "correct horse").cookies["jwt"]
        head = f"Host: 127.0.0.1:{server.port}\r\nCookie: jwt={token}\r\n"
        requests = "\r\n".join(f"GET {path} HTTP/1.1\r\n{head}" for path in paths)
        with create_connection(("127.0.0.1", server.port), PATIENCE) as client:
            client.sendall(f"{requests}Connection: close\r\n\r\n".encode())
            with client.makefile("rb") as answers:
                statuses = re.findall(rb"HTTP/1.1 (\d+)", answers.read())
    assert statuses[0] == b"404"
    assert len(statuses) == len(paths)
    assert 2 <= statuses.count(b"200") <= 2 + 3  # the minute may end meanwhile
    assert {*statuses[1:]} == {b"200", b"429"}


class Person:
    def __init__(self, worker: Server, name: str) -> None:
        answer = worker.sign_up(name, f"{name}-{worker.port}@example.org", "correct horse")
        self.key = answer.json()["_id"]
        self.cookies = {"jwt": answer.cookies["jwt"]}

    def ask(self, worker: Server, path: str, **body: str) -> Any:
        method = "POST" if body else "GET"
        url = f"{worker.url}/api/messages/{path}"
        with httpx.Client(cookies=self.cookies, timeout=PATIENCE) as client:
            answer = client.request(method, url, json=body or None)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def changes(self, worker: Server, cursor: str) -> set[str]:
        """The texts."""
        answer = self.ask(worker, f"sync?since={cursor}")
        assert not answer["more"]
        return {message["text"] for message in answer["messages"]}


@pytest.mark.timeout(300)  # libfaketime makes a server slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_whatever_a_worker_s_clock_says_sync_has_everything(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Behind, ahead, and stepped back, by up to an hour; the other one's is right."""
    clock = tmp_path / "clock"
    shared = unlimited()
    if kind == "postgresql":
        shared["DATABASE_URL"] = request.getfixturevalue("postgres_url")
        shared["REDIS_URL"] = request.getfixturevalue("redis_url")
    clock.write_text("+0")
    right, wrong = Server(tmp_path, **shared), Server(tmp_path, **shared, **services.clock(clock))
    right.migrate()
    with right.running(), wrong.running():
        ada, bo = Person(right, "Ada"), Person(wrong, "Bo")
        sent: list[str] = []
        since = [(bo.ask(worker, "sync")["cursor"], 0) for worker in (right, wrong)]
        for ahead in (-40, 3600, -3600):
            clock.write_text(f"{ahead:+}")
            _wait_for_clock(wrong, ahead)
            _assert_told(wrong, ahead if kind == "postgresql" else 0)
            for worker in (wrong, right, wrong):
                sent.append(f"{ahead} {len(sent)}")
                ada.ask(worker, f"send/{bo.key}", text=sent[-1])
            for (cursor, number), worker in zip(since, cycle([right, right, wrong])):
                assert set(sent[number:]) <= bo.changes(worker, cursor)
            cursors = [bo.ask(worker, "sync")["cursor"] for worker in (right, wrong)]
            since += [(cursor, len(sent)) for cursor in cursors]
        newcomer = Person(wrong, "Cy")
        assert newcomer.ask(right, "chats") == []  # the token is good there, too
        _assert_told(right, 0)
        history = ada.ask(right, bo.key)
    assert [message["text"] for message in history] == sent
    times = [message["createdAt"] for message in history]
    assert times == sorted(times)


def _wait_for_clock(worker: Server, ahead: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        told = httpx.get(f"{worker.url}/healthz", timeout=PATIENCE).headers["Date"]
        if abs(parsedate_to_datetime(told).timestamp() - time.time() - ahead) < PATIENCE:
            return
    raise AssertionError(f"the clock is not {ahead} s ahead")


def _assert_told(worker: Server, ahead: int) -> None:
    """By how much its clock is ahead of the others."""
    told = httpx.get(f"{worker.url}/readyz", timeout=PATIENCE)
    assert told.status_code == 200
    clocks = told.json().get("clocksAhead", {})
    assert set(clocks) == ({"database", "redis"} if ahead else set())
    assert all(abs(seconds - ahead) < PATIENCE for seconds in clocks.values())
