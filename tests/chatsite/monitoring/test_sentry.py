"""Errors arrive at a stand-in for Sentry, over HTTP, without what people wrote."""

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

import httpx
import pytest

from chatsite import VERSION
from tests.environment import ROOT, hermetic
from tests.production import PATIENCE, Server, production

TEXT = "a secret that nobody else may read"
PASSWORD = "correct secret horse"
EMAIL = "ada.secret@mail.example.org"


class Sentry(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.envelopes: Queue[str] = Queue()
        self.dsn = f"http://key@127.0.0.1:{self.server_port}/1"

    def event(self) -> tuple[str, dict[str, Any]]:
        """The next envelope as it came, and the event in it."""
        envelope = self.envelopes.get(timeout=PATIENCE)
        _header, item, payload, *_ = envelope.split("\n")
        assert json.loads(item)["type"] == "event"
        return envelope, json.loads(payload)


class _Handler(BaseHTTPRequestHandler):
    server: Sentry

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers["Content-Encoding"] == "gzip":
            body = gzip.decompress(body)
        self.server.envelopes.put(body.decode())
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args: object) -> None:
        """Quietly."""


@pytest.fixture
def sentry() -> Iterator[Sentry]:
    with Sentry() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_an_error_is_reported_without_what_people_wrote(tmp_path: Path, sentry: Sentry) -> None:
    with production(tmp_path, SENTRY_DSN=sentry.dsn) as server:
        bo = server.sign_up("Bo", "bo.secret@mail.example.org", PASSWORD).json()["_id"]
        signed_up = server.sign_up("Ada", EMAIL, PASSWORD)
        token = signed_up.cookies["jwt"]
        odd = httpx.get(f"{server.url}/login", headers={"Host": "evil.example"}, timeout=PATIENCE)
        assert odd.status_code == 400  # which is no error of the site
        _break(server)
        failed = httpx.post(
            f"{server.url}/api/messages/send/{bo}?query={TEXT}",
            json={"text": TEXT},
            headers={"Authorization": f"Bearer {token}", "Cookie": f"jwt={token}; other={TEXT}"},
            timeout=PATIENCE,
        )
        envelope, event = sentry.event()
    assert failed.status_code == 500
    for secret in (TEXT, PASSWORD, EMAIL, token, "Bearer", "key@127"):
        assert secret not in envelope
    assert event["transaction"].startswith("api/messages/send/")
    assert bo not in event["transaction"]
    assert event["user"] == {"id": signed_up.json()["_id"]}
    assert event["tags"] == {"request_id": failed.headers["X-Request-ID"], "method": "POST"}
    assert event["release"] == f"chatsite@{VERSION}"
    assert event["environment"] == "production"
    assert "request" not in event
    *_, last = event["exception"]["values"]
    assert last["type"] == "OperationalError"
    assert all("vars" not in frame for frame in last["stacktrace"]["frames"])
    assert sentry.envelopes.empty()  # no traces, no sessions


def _break(server: Server) -> None:
    """Behind the site's back its messages are gone."""
    script = (
        "import django; django.setup()\n"
        "from django.db import connection\n"
        "from messaging.models import Message\n"
        "with connection.schema_editor() as editor: editor.delete_model(Message)\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, env=server.environment, check=True)


def test_a_sentry_that_is_gone_delays_nobody(tmp_path: Path) -> None:
    with Sentry() as gone:
        dsn = gone.dsn
    server = Server(tmp_path, SENTRY_DSN=dsn)  # without tables every log-in fails
    with server.running():
        account = {"email": EMAIL, "password": PASSWORD}
        response = httpx.post(f"{server.url}/api/auth/login", json=account, timeout=PATIENCE)
    assert response.status_code == 500


def test_without_an_address_it_is_not_even_imported() -> None:
    script = "import sys, chatsite.asgi; print('sentry_sdk' in sys.modules)"
    environment = hermetic(DJANGO_SETTINGS_MODULE="chatsite.settings")
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.stdout.strip() == "False"
