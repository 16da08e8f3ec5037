"""A push service that speaks the real protocol, by TLS, and browsers that read what it gets."""

import json
import re
import ssl
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from secrets import token_bytes, token_hex
from threading import Event, Thread
from typing import Any

import http_ece
import jwt
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from accounts.models import Session, User
from accounts.services.push_subscriptions import subscribe
from tests.factories import make_session

HANG = 0  # in place of a status: it never answers


def encoded(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Browser:
    """What one makes for a subscription."""

    endpoint: str
    key: Any = field(default_factory=lambda: generate_private_key(SECP256R1()))
    secret: bytes = field(default_factory=lambda: token_bytes(16))
    got: list[dict[str, Any]] = field(default_factory=list)  # messages, as it reads them
    headers: list[dict[str, str]] = field(default_factory=list)  # of each

    @property
    def subscription(self) -> dict[str, str]:
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"endpoint": self.endpoint, "p256dh": encoded(point), "auth": encoded(self.secret)}

    def read(self, body: bytes) -> Any:
        text = http_ece.decrypt(
            body, private_key=self.key, auth_secret=self.secret, version="aes128gcm"
        )
        return json.loads(text)


@dataclass
class PushService:
    """`answers` come first: a status, and Retry-After."""

    host: str = ""
    answers: list[tuple[int, str]] = field(default_factory=list)
    browsers: dict[str, Browser] = field(default_factory=dict)  # by path
    tries: list[str] = field(default_factory=list)  # the paths of all requests
    over: Event = field(default_factory=Event)

    def browser(self) -> Browser:
        path = f"/push/{token_hex(8)}"
        self.browsers[path] = Browser(f"https://{self.host}{path}")
        return self.browsers[path]

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, str]:
        self.tries.append(path)
        status, after = self.answers.pop(0) if self.answers else (201, "")
        if status == HANG:
            self.over.wait()
        if status < 300:
            browser = self.browsers[path]
            self._check(headers, body)
            browser.got.append(browser.read(body))
            browser.headers.append(headers)
        return status, after

    def _check(self, headers: dict[str, str], body: bytes) -> None:
        """As services do: RFC 8030, 8188, 8292."""
        assert headers["Content-Encoding"] == "aes128gcm"
        assert len(body) <= 4096
        assert int(headers["TTL"]) > 0
        assert headers["Urgency"] in {"very-low", "low", "normal", "high"}
        assert len(headers["Topic"]) <= 32
        scheme, _space, fields = headers["Authorization"].partition(" ")
        parts = dict(each.strip().split("=", 1) for each in fields.split(","))
        key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), decoded(parts["k"]))
        claims = jwt.decode(parts["t"], key, algorithms=["ES256"], audience=f"https://{self.host}")
        assert scheme == "vapid"
        assert re.fullmatch(r"https://[^\s<>]+|mailto:[^\s<>@]+@[^\s<>@]+", claims["sub"])


def browser_of(user: User, service: PushService, session: Session | None = None) -> Browser:
    """One that takes push messages for `user`."""
    browser = service.browser()
    subscribe(session=session or make_session(user), **browser.subscription)
    return browser


@contextmanager
def push_service(pem: Path) -> Iterator[PushService]:
    """With this certificate and its key, which is to be trusted."""
    service = PushService()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, after = service.answer(self.path, dict(self.headers), body)
            try:
                self.send_response(status)
                if after:
                    name = "Location" if after.startswith("http") else "Retry-After"
                    self.send_header(name, after)
                self.end_headers()
            except OSError:  # nobody waits for it any more
                self.close_connection = True

        def log_message(self, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *args: Any) -> None:
            """Of connections that were given up, and by who does not trust it."""

    server = Server(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server.socket = context.wrap_socket(
        server.socket, server_side=True, do_handshake_on_connect=False
    )
    service.host = f"127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield service
    finally:
        service.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
