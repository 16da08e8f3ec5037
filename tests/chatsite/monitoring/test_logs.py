"""What is logged in production, and what never is."""

import asyncio
import errno
import io
import json
import logging
import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.db import IntegrityError
from django.http import HttpRequest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from chatsite.conf.operations import Operations
from chatsite.monitoring import logs, trace
from tests.browser.site import DevelopmentSite
from tests.pictures import data_uri, picture
from tests.production import PATIENCE, Server, production
from tests.services import free_port

SECRETS = {
    "name": "Ada Secretname",
    "email": "ada.secret@mail.example.org",
    "password": "correct secret horse",
    "text": "a secret that nobody else may read",
    "query": "secret-in-a-query",
    "link": "c2VjcmV0LWxpbms-one-use",
    "client id": "secret-client-id",
}


class Conversation:
    """Ada signs up, logs in, and writes to Bo by every way there is."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.bo = server.sign_up("Bo", "bo.secret@mail.example.org", SECRETS["password"]).json()
        signed_up = server.sign_up(SECRETS["name"], SECRETS["email"], SECRETS["password"])
        self.ada = signed_up.json()["_id"]
        self.tokens = [signed_up.cookies["jwt"], self._log_in().cookies["jwt"]]

    def _log_in(self, **changed: str) -> httpx.Response:
        account = {"email": SECRETS["email"], "password": SECRETS["password"], **changed}
        return httpx.post(f"{self.server.url}/api/auth/login", json=account, timeout=PATIENCE)

    def over_http(self) -> None:
        self._log_in(password="wrong " + SECRETS["password"])
        self._log_in(email=SECRETS["password"])
        url, query = self.server.url, {"search": SECRETS["query"]}
        headers = {"Authorization": f"Bearer {self.tokens[-1]}"}
        with httpx.Client(base_url=url, headers=headers, timeout=PATIENCE) as client:
            send = f"/api/messages/send/{self.bo['_id']}"
            assert client.post(send, json={"text": SECRETS["text"]}).status_code == 201
            assert client.post(send, json={"image": data_uri(picture())}).status_code == 201
            assert client.post(send, content=SECRETS["text"]).status_code >= 400
            assert client.get("/api/messages/contacts", params=query).status_code == 200
            assert client.get(f"/api/no/{SECRETS['link']}", params=query).status_code == 404
            client.get(f"/reset/MQ/{SECRETS['link']}")
        httpx.get(f"{url}/api/auth/check", headers={"Authorization": f"Bearer x{self.tokens[0]}"})

    def over_a_socket(self) -> None:
        address = self.server.url.replace("http", "ws") + "/ws/chat/?nothing=" + SECRETS["query"]
        headers = {"Cookie": f"jwt={self.tokens[-1]}"}
        data = {
            "receiverId": self.bo["_id"],
            "text": SECRETS["text"],
            "clientMessageId": SECRETS["client id"],
        }
        with connect(address, additional_headers=headers) as socket:
            socket.send(SECRETS["text"])
            socket.send(json.dumps({"event": "sendMessage", "data": data}))
            while json.loads(socket.recv(PATIENCE))["event"] != "messageSent":
                pass
        with pytest.raises(InvalidStatus):
            connect(address, additional_headers={"Cookie": f"jwt=x{self.tokens[-1]}"})


@pytest.fixture(scope="module")
def conversation(tmp_path_factory: pytest.TempPathFactory) -> Conversation:
    # Mail goes to a server that is not there: what becomes of it is logged, too.
    settings = {"LOG_LEVEL": "DEBUG", "EMAIL_URL": f"smtp://127.0.0.1:{free_port()}"}
    with production(tmp_path_factory.mktemp("logs"), **settings) as server:
        conversation = Conversation(server)
        conversation.over_http()
        conversation.over_a_socket()
    return conversation


class TestProduction:
    def test_nothing_of_a_conversation_is_in_the_log(self, conversation: Conversation) -> None:
        log = conversation.server.log
        for name, secret in SECRETS.items():
            assert secret not in log, name
        for token in conversation.tokens:
            assert token not in log
        assert "mail.example.org" not in log

    def test_every_line_is_an_object(self, conversation: Conversation) -> None:
        assert len(conversation.server.records) == len(conversation.server.log.splitlines())

    def test_each_request_has_one_line_that_says_whose_it_is(
        self, conversation: Conversation
    ) -> None:
        route = "api/messages/send/"
        sends = [line for line in _access(conversation) if line.get("route", "").startswith(route)]
        assert [line["status"] for line in sends[:2]] == [201, 201]
        for line in sends:
            assert line["person"] == conversation.ada
            assert line["method"] == "POST"
            assert line["duration_ms"] > 0
        assert len({line["request_id"] for line in sends}) == 3

    def test_a_log_in_tells_no_person_before_there_is_one(self, conversation: Conversation) -> None:
        lines = [line for line in _access(conversation) if line.get("route") == "api/auth/login"]
        assert [line["status"] for line in lines] == [200, 400, 400]
        assert not any("person" in line for line in lines[1:])

    def test_a_log_in_that_fails_names_the_account(self, conversation: Conversation) -> None:
        lines = [each for each in conversation.server.records if "account" in each]
        assert {each["message"] for each in lines} == {"log-in refused: invalid_credentials"}
        known, unknown = (each["account"] for each in lines)
        assert known == conversation.ada
        assert re.fullmatch("none-[0-9a-f]{24}", unknown)

    def test_sockets_come_and_go_with_their_person(self, conversation: Conversation) -> None:
        opened, closed, refused = [
            line for line in _access(conversation) if line["message"].startswith("socket")
        ]
        assert (opened["message"], closed["message"]) == ("socket opened", "socket closed")
        assert opened["request_id"] == closed["request_id"]
        assert opened["person"] == closed["person"] == conversation.ada
        assert closed["code"] == 1000
        assert refused["message"] == "socket refused"
        assert "person" not in refused


def _access(conversation: Conversation) -> list[dict[str, Any]]:
    records = conversation.server.records
    return [record for record in records if record["logger"] == "chatsite.access"]


@pytest.mark.parametrize("given", ["0123456789abcdef", "a-b_c-d_e"])
def test_the_id_of_a_proxy_is_kept(given: str) -> None:
    with trace.begin(given) as current:
        assert current.request_id == given


@pytest.mark.parametrize("given", ["", "short", "x" * 65, "ada@example.org", 'a"}\n{"level": 1'])
def test_an_id_that_is_none_is_replaced(given: str) -> None:
    with trace.begin(given) as current:
        assert len(current.request_id) == 16


async def test_threads_belong_to_the_request() -> None:
    with trace.begin("the-request") as current:
        await sync_to_async(trace.set_person)("somebody")
    assert current.person == "somebody"
    assert trace.current() is None


async def test_a_task_that_outlives_the_request_does_not() -> None:
    async def task() -> trace.Trace | None:
        return trace.current()

    with trace.begin("the-request"):
        assert await asyncio.create_task(task(), context=trace.detached()) is None


class TestRecord:
    def test_holds_nothing_that_hangs_on_it(self) -> None:
        line = _json(logging.makeLogRecord({"msg": "Hello", "request": "secret", "args": ()}))
        assert set(line) == {"time", "level", "logger", "message"}

    def test_path_is_replaced_by_its_pattern(self) -> None:
        request = HttpRequest()
        request.path = "/reset/MQ/secret"
        given = {"msg": "Not Found: %s", "args": (request.path,), "request": request}
        with trace.begin() as current:
            current.route = "reset/<uid>/<token>"
            assert (
                _json(logging.makeLogRecord(given))["message"] == "Not Found: reset/<uid>/<token>"
            )
        given = {"msg": "Not Found: %s", "args": (request.path,), "request": request}
        assert _json(logging.makeLogRecord(given))["message"] == "Not Found: unmatched"

    def test_database_error_does_not_quote_the_row(self) -> None:
        try:
            try:
                raise IntegrityError(f"Key (email)=({SECRETS['email']}) already exists.")
            except IntegrityError as error:
                raise LookupError("the outer one") from error
        except LookupError:
            record = logging.makeLogRecord({"msg": "failed", "exc_info": sys.exc_info()})
        told = _json(record)["exception"]
        assert SECRETS["email"] not in told
        assert "django.db.utils.IntegrityError: (withheld" in told
        assert told.endswith("LookupError: the outer one")
        assert "test_logs.py" in told

    def test_errors_in_a_circle_come_to_an_end(self) -> None:
        one, two = ValueError("one"), ValueError("two")
        one.__cause__, two.__cause__ = two, one
        assert logs.stack_trace(one).count("ValueError") == 2


def _json(record: logging.LogRecord) -> dict[str, Any]:
    assert logs.RequestFilter().filter(record)
    line: dict[str, Any] = json.loads(logs.JsonLineFormatter().format(record))
    return line


class TestLevels:
    def test_libraries_say_nothing_for_debugging_in_production(self) -> None:
        assert _config("DEBUG", production=True)["root"]["level"] == "INFO"
        assert _config("DEBUG", production=True)["loggers"]["chatsite"]["level"] == "DEBUG"
        assert _config("ERROR", production=True)["root"]["level"] == "ERROR"
        assert _config("DEBUG", production=False)["root"]["level"] == "DEBUG"

    def test_lines_of_handshakes_are_not_made_where_ours_tell_the_same(self) -> None:
        for is_production in (True, False):
            loggers = _config("DEBUG", production=is_production)["loggers"]
            assert loggers["uvicorn.error.sockets"] == {"level": "WARNING"}


def _config(level: str, *, production: bool) -> dict[str, Any]:
    operations = Operations(level, "json" if production else "line", "", [], "", "")
    return logs.config(operations, production=production)


def test_lines_for_people_have_the_fields_too() -> None:
    record = logging.LogRecord("chatsite.access", logging.INFO, "", 0, "request", (), None)
    record.__dict__.update(method="GET", route="login", status=200, secret="unknown field")
    line = logs.LineFormatter("{name}: {message}", style="{").format(record)
    assert line == "chatsite.access: request method=GET route=login status=200"


def test_nor_does_the_server_for_development_log_paths_and_query_strings(tmp_path: Path) -> None:
    with DevelopmentSite(tmp_path).running() as site:
        httpx.get(f"{site.url}/reset/MQ/{SECRETS['link']}", timeout=PATIENCE)
        httpx.get(f"{site.url}/login?next={SECRETS['query']}", timeout=PATIENCE)
        httpx.get(f"{site.url}/socket.io/?EIO=4&sid={SECRETS['query']}", timeout=PATIENCE)
        address = site.url.replace("http", "ws") + "/ws/chat/?nothing=" + SECRETS["query"]
        with pytest.raises(InvalidStatus):
            connect(address)
        log = site.log.read_text()
    assert "route=login" in log
    assert SECRETS["link"] not in log
    assert SECRETS["query"] not in log


def test_a_failure_has_its_stack_and_no_body(tmp_path: Path) -> None:
    """Without its tables the site fails at any log-in."""
    server = Server(tmp_path)
    with server.running():
        account = {"email": SECRETS["email"], "password": SECRETS["password"]}
        response = httpx.post(f"{server.url}/api/auth/login", json=account, timeout=PATIENCE)
    assert response.status_code == 500
    [failure] = [line for line in server.records if line["level"] == "ERROR"]
    assert failure["request_id"] == response.headers["X-Request-ID"]
    assert failure["message"] == "Internal Server Error: api/auth/login"
    assert "no such table" in failure["exception"]
    assert SECRETS["email"] not in server.log
    assert SECRETS["password"] not in server.log


class TestRounds:
    """Lines of one round of the event loop are written together."""

    @pytest.fixture
    def handler(self) -> Iterator[logs.RoundHandler]:
        handler = logs.RoundHandler()
        handler.setStream(Written())
        yield handler
        handler.follow(None)

    async def test_what_informs_waits_for_the_end_of_the_round(
        self, handler: logs.RoundHandler
    ) -> None:
        handler.follow(asyncio.get_running_loop())
        for number in range(3):
            handler.handle(record(logging.INFO, f"line {number}"))
        assert written(handler) == []
        await asyncio.sleep(0)
        assert written(handler) == ["line 0\nline 1\nline 2\n"]

    async def test_what_is_worse_comes_at_once_and_in_its_order(
        self, handler: logs.RoundHandler
    ) -> None:
        handler.follow(asyncio.get_running_loop())
        handler.handle(record(logging.INFO, "before"))
        handler.handle(record(logging.ERROR, "the error"))
        assert "".join(written(handler)) == "before\nthe error\n"
        await asyncio.sleep(0)
        assert "".join(written(handler)) == "before\nthe error\n"

    async def test_other_threads_write_at_once(self, handler: logs.RoundHandler) -> None:
        handler.follow(asyncio.get_running_loop())
        handler.handle(record(logging.INFO, "before"))
        await sync_to_async(handler.handle)(record(logging.INFO, "from a thread"))
        assert "".join(written(handler)) == "before\nfrom a thread\n"

    async def test_nothing_is_left_behind_at_the_end(self, handler: logs.RoundHandler) -> None:
        handler.follow(asyncio.get_running_loop())
        handler.handle(record(logging.INFO, "the last line"))
        handler.follow(None)
        assert written(handler) == ["the last line\n"]
        handler.handle(record(logging.INFO, "after it"))
        assert "".join(written(handler)) == "the last line\nafter it\n"

    @pytest.mark.parametrize("level", [logging.INFO, logging.ERROR])
    async def test_whoever_logs_hears_nothing_of_a_full_disk(
        self, handler: logs.RoundHandler, level: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(logging, "raiseExceptions", False)
        handler.follow(asyncio.get_running_loop())
        handler.handle(record(logging.INFO, "before"))
        with monkeypatch.context() as patch:
            patch.setattr(handler.stream, "write", no_room)
            handler.handle(record(level, "lost"))
            handler.flush()
        handler.handle(record(logging.INFO, "there is room again"))
        handler.flush()
        assert written(handler) == ["there is room again\n"]

    async def test_half_a_character_loses_no_line(self, tmp_path: Path) -> None:
        handler = logs.RoundHandler()
        with (tmp_path / "log").open("w", encoding="utf-8") as stream:
            handler.setStream(stream)
            handler.follow(asyncio.get_running_loop())
            for text in ("before", "half: \ud800", "after"):
                handler.handle(record(logging.INFO, text))
            handler.follow(None)
        assert (tmp_path / "log").read_text().split("\n") == ["before", "half: ?", "after", ""]


def no_room(text: str) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


class Written(io.StringIO):
    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []

    def write(self, text: str) -> int:
        self.pieces.append(text)
        return len(text)


def written(handler: logs.RoundHandler) -> list[str]:
    assert isinstance(handler.stream, Written)
    return handler.stream.pieces


def record(level: int, message: str) -> logging.LogRecord:
    return logging.LogRecord("chatsite", level, "", 0, message, None, None)


class TestRepeats:
    @pytest.fixture
    def lines(self) -> Iterator[list[str]]:
        """What a logger of its own writes."""
        lines: list[str] = []
        handler = logging.Handler()
        handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
        self.filter = logs.RepeatFilter()
        handler.addFilter(self.filter)
        logger = logging.getLogger("tests.repeats")
        logger.addHandler(handler)
        yield lines
        logger.removeHandler(handler)

    def minute_is_over(self) -> None:
        for timer in [each for each in threading.enumerate() if isinstance(each, threading.Timer)]:
            if timer.function == self.filter.report:
                timer.cancel()
                timer.function(*timer.args)

    def test_a_thousand_equal_errors_are_one_line_with_a_count(self, lines: list[str]) -> None:
        logger = logging.getLogger("tests.repeats")
        for number in range(1000):
            try:
                raise OSError(f"no room for {number}")
            except OSError:
                logger.exception("not stored")
        assert lines == ["not stored"]
        self.minute_is_over()
        assert lines == ["not stored", "not stored (and 999 times more)"]
        logger.error("not stored")
        assert len(lines) == 3

    def test_different_errors_are_all_told(self, lines: list[str]) -> None:
        logger = logging.getLogger("tests.repeats")
        for name in ("redis", "database", "media"):
            logger.warning("not ready: %s", name)
        logger.error("not ready: %s", "redis")
        self.minute_is_over()
        assert len(lines) == 4

    def test_without_another_thread_every_line_is_written(
        self, lines: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        logger = logging.getLogger("tests.repeats")

        def start(_timer: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        monkeypatch.setattr(threading.Thread, "start", start)
        for _ in range(3):
            logger.error("the database is away")
        assert len(lines) == 3

    def test_what_informs_is_never_held_back(self, lines: list[str]) -> None:
        logger = logging.getLogger("tests.repeats")
        logger.setLevel(logging.INFO)
        for _ in range(3):
            logger.info("request")
        assert len(lines) == 3
