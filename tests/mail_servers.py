"""Stand-ins for the services that take mail. They speak the real protocols, over TCP."""

import json
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.services import free_port

API_KEY = "re_the_tests_own"
HANG = 0  # in place of a status: takes the mail, but never says so


@dataclass
class Resend:
    """`POST /emails` as api.resend.com does. `answers` come first: status, name of error."""

    url: str = ""
    answers: list[tuple[int, str]] = field(default_factory=list)
    tries: list[dict[str, str]] = field(default_factory=list)  # the headers of each
    mails: dict[str, dict[str, Any]] = field(default_factory=dict)  # by idempotency key
    over: Event = field(default_factory=Event)

    def answer(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        self.tries.append(headers)
        status, name = self.answers.pop(0) if self.answers else (200, "")
        if headers.get("Authorization") != f"Bearer {API_KEY}":
            status, name = 401, "missing_api_key"
        mail = json.loads(body)
        if not {"from", "to", "subject"} <= set(mail) or not {"text", "html"} & set(mail):
            status, name = 422, "missing_required_field"
        if status >= 400:
            return status, {"statusCode": status, "name": name, "message": f"No to {mail}"}
        self.mails.setdefault(headers["Idempotency-Key"], mail)
        if status == HANG:
            self.over.wait()
        return 200, {"id": f"mail-{len(self.mails)}"}


@contextmanager
def resend() -> Iterator[Resend]:
    stand_in = Resend()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.path == "/emails"
            assert self.headers["Content-Type"] == "application/json"
            status, answer = stand_in.answer(dict(self.headers), body)
            try:
                self._say(status, json.dumps(answer).encode())
            except OSError:  # nobody waits for it any more
                assert stand_in.over.is_set()

        def _say(self, status: int, text: bytes) -> None:
            self.send_response(status)
            # Between a client and Resend stand others, which answer in HTML.
            kind = "text/html" if status == 502 else "application/json; charset=utf-8"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    stand_in.url = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, args=(0.01,)).start()
    try:
        yield stand_in
    finally:
        stand_in.over.set()
        server.shutdown()
        server.server_close()


@dataclass
class Smtp:
    """A mail server. `answers` come first, to RCPT or, those of DATA, to the mail itself."""

    port: int = 0
    answers: list[str] = field(default_factory=list)
    tries: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    times: list[float] = field(default_factory=list)  # at which they came, in seconds since 1970
    logins: list[tuple[str, str]] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802  # so it is called
        self, server: SMTP, session: Session, envelope: Envelope, to: str, options: Any
    ) -> str:
        self.tries += 1
        if self.answers:
            return f"{self.answers.pop(0)} <{to}>"
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        assert isinstance(envelope.content, bytes)
        self.times.append(time.time())
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 Taken"

    def authenticate(self, server: Any, session: Any, envelope: Any, how: str, what: Any) -> Any:
        assert isinstance(what, LoginPassword)
        self.logins.append((what.login.decode(), what.password.decode()))
        return AuthResult(success=what.password == b"s3cret/word")


@contextmanager
def smtp(certificate: Path | None = None) -> Iterator[Smtp]:
    """With a certificate it wants STARTTLS, then a user and a password."""
    stand_in = Smtp(port=free_port())
    options: dict[str, Any] = {}
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        options = {
            "tls_context": context,
            "require_starttls": True,
            "authenticator": stand_in.authenticate,
            "auth_required": True,
        }
    controller = Controller(stand_in, hostname="127.0.0.1", port=stand_in.port, **options)
    controller.start()
    try:
        yield stand_in
    finally:
        controller.stop()


def make_certificate(folder: Path) -> Path:
    """Signed by itself, for 127.0.0.1; key and certificate in one file."""
    path = folder / "server.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    files = ["-keyout", str(path), "-out", str(folder / "certificate.pem")]
    subprocess.run([*command, *files, *subject], check=True, capture_output=True)
    with path.open("a") as file:
        file.write((folder / "certificate.pem").read_text())
    return path
