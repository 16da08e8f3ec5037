"""A web site whose pages a test decides, and which remembers what it was asked for."""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

Answer = Callable[[BaseHTTPRequestHandler], None]
DRIP = 0.02  # seconds between two bytes


@dataclass
class WebPages:
    host: str = ""  # with its port
    scheme: str = "http"
    answers: dict[str, Answer] = field(default_factory=dict)  # by path
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)  # paths and headers
    gone: Event = field(default_factory=Event)  # somebody took no more of a slow answer
    over: Event = field(default_factory=Event)

    @property
    def paths(self) -> list[str]:
        return [path for path, _headers in self.asked]

    def url(self, path: str) -> str:
        return f"{self.scheme}://{self.host}{path}"

    def add(
        self,
        path: str,
        body: bytes | str = b"",
        kind: str = "text/html; charset=utf-8",
        *,
        status: int = 200,
        slowly: bool = False,
        **headers: str,
    ) -> str:
        """Its address. With `slowly` the body comes byte by byte, and then never ends."""
        data = body.encode() if isinstance(body, str) else body

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            handler.send_header("Content-Type", kind)
            for name, value in headers.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.end_headers()
            if slowly:
                self._drip(handler, data)
            else:
                handler.wfile.write(data)

        self.answers[path] = answer
        return self.url(path)

    def _drip(self, handler: BaseHTTPRequestHandler, data: bytes) -> None:
        handler.wfile.write(data)
        try:
            while not self.over.wait(DRIP):
                handler.wfile.write(b" ")
        except OSError:
            self.gone.set()


@contextmanager
def web_pages(pem: Path | None = None) -> Iterator[WebPages]:
    """By TLS with a certificate and its key."""
    pages = WebPages(scheme="https" if pem else "http")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            pages.asked.append((self.path, dict(self.headers)))
            with suppress(OSError):  # somebody has read enough
                if answer := pages.answers.get(self.path):
                    answer(self)
                else:
                    self.send_error(404)

        def log_message(self, *args: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *args: Any) -> None:
            """Of connections that were given up, and by who does not trust it."""

    server = Server(("127.0.0.1", 0), Handler)
    if pem:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    pages.host = f"127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield pages
    finally:
        pages.over.set()
        server.shutdown()
        thread.join()
        server.server_close()
