"""The program that fetches web pages for previews of links, in a process of its own: `fetching.py`
starts it for each page, and ends it.

Anybody can name any address. So it requests public ones alone, after redirects too: a name is
looked up once, and it connects to the address that was checked. Pages are not to be trusted either:
so what is read is limited in bytes and time, and this process has none of the site's memory, files
or secrets, and limits on memory and processor time. It knows neither Django nor settings.
"""

import codecs
import io
import json
import re
import resource
import signal
import socket
import ssl
import string
import sys
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from html.parser import HTMLParser
from http.client import HTTPConnection, HTTPResponse, IncompleteRead
from multiprocessing.connection import Connection
from types import FrameType
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from chatsite.sandbox import restrict
from chatsite.security.public_addresses import is_public, resolve

SECONDS = 5  # for a page and its picture
MAX_BYTES = 512 * 2**10  # bytes of all responses together, their headers included
MEMORY = 512 * 2**20
FILES = 32  # open ones, sockets among them
REDIRECTS = 4
ADDRESSES = 3  # of a name that are tried
CONNECT = 2  # seconds, for each of them
CHUNK = 16 * 2**10
PORTS = {"http": 80, "https": 443}
MOVED = (301, 302, 303, 307, 308)
PAGES = ("text/html", "application/xhtml+xml")
# What stays as it is in addresses; all else, a backslash too, is quoted.
SAFE = string.punctuation.replace("\\", "")
_HOST = re.compile(r"[a-z0-9_.-]+|[0-9a-f:.]+")
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_BOMS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_TITLES = ("og:title", "twitter:title", "title")
_DESCRIPTIONS = ("og:description", "twitter:description", "description")
_PICTURES = ("og:image:secure_url", "og:image", "og:image:url", "twitter:image")


class FetchRefused(Exception):
    """An address that is not requested, or a response that is not taken. `str` says why."""


class DeadlineExceeded(BaseException):
    """A BaseException, so that no handler takes it for an error of its own."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a page says of itself."""

    title: str = ""
    description: str = ""
    picture: str = ""  # its address


def is_allowed(parts: SplitResult, trusted: Collection[str]) -> bool:
    """Whether it may be requested, by how it is written. Raises ValueError."""
    if parts.scheme not in PORTS or not _HOST.fullmatch(parts.hostname or ""):
        return False
    is_plain = "@" not in parts.netloc and parts.port in (None, *PORTS.values())
    return is_plain or parts.netloc in trusted


@dataclass(slots=True)
class Fetcher:
    agent: str  # what it calls itself
    trusted: Collection[str] = ()  # hosts with their ports that may have any address
    left: int = MAX_BYTES  # bytes that it may still read

    def page(self, url: str) -> Page:
        """Raises FetchRefused, OSError, ValueError, and whatever http.client does."""
        with self._response(url, PAGES) as (response, at):
            head = _HeadParser()
            decoder = None
            for chunk in _chunks(response):
                decoder = decoder or _decoder(response, chunk)
                head.feed(decoder.decode(chunk))
                if head.is_over:
                    break
        picture = head.first(_PICTURES)
        return Page(
            head.first(_TITLES),
            head.first(_DESCRIPTIONS),
            urljoin(at, picture) if picture else "",
        )

    def picture(self, url: str) -> bytes:
        """Its bytes, whatever they are. Raises as `page` does."""
        with self._response(url, ("image/",)) as (response, _at):
            if (response.length or 0) > self.left:
                raise FetchRefused("too large")
            return response.read()

    @contextmanager
    def _response(self, url: str, kinds: tuple[str, ...]) -> Iterator[tuple[HTTPResponse, str]]:
        """And where it came from, after redirects."""
        for _step in range(1 + REDIRECTS):
            parts = urlsplit(quote(url, safe=SAFE))
            with closing(self._connection(parts)) as connection:
                target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
                connection.request("GET", target, headers=self._headers(parts, kinds))
                response = connection.getresponse()
                if response.status in MOVED:
                    url = urljoin(parts.geturl(), response.headers.get("Location", ""))
                    continue
                _check(response, kinds)
                yield response, parts.geturl()
                return
        raise FetchRefused("too many redirects")

    def _headers(self, parts: SplitResult, kinds: tuple[str, ...]) -> dict[str, str]:
        """Nothing packed, since a little of that may be very much."""
        return {
            "Host": parts.netloc,
            "User-Agent": self.agent,
            "Accept": ", ".join(f"{kind}*" if kind.endswith("/") else kind for kind in kinds),
            "Accept-Encoding": "identity",
            "Connection": "close",
        }

    def _connection(self, parts: SplitResult) -> HTTPConnection:
        if not is_allowed(parts, self.trusted):
            raise FetchRefused("not an address that is asked for")
        host, port = (parts.hostname or "").rstrip("."), parts.port or PORTS[parts.scheme]
        found = resolve(host, port)
        if parts.netloc not in self.trusted and not all(map(is_public, found)):
            raise FetchRefused("not a public address")
        connection = _PinnedConnection(host, port, found[:ADDRESSES], parts.scheme == "https")
        connection.response_class = partial(_BoundedResponse, self)  # type: ignore[assignment]
        return connection


class _PinnedConnection(HTTPConnection):
    """To addresses that were checked. The name is what the certificate has to be for."""

    def __init__(self, host: str, port: int, addresses: list[str], secure: bool) -> None:
        super().__init__(host, port)
        self._addresses, self._secure = addresses, secure

    def connect(self) -> None:
        self.sock = self._connected()
        self.sock.settimeout(SECONDS)
        if self._secure:
            self.sock = _context().wrap_socket(self.sock, server_hostname=self.host)

    def _connected(self) -> socket.socket:
        error = OSError("no address")
        for address in self._addresses:
            try:
                return socket.create_connection((address, self.port), CONNECT)
            except OSError as failure:
                error = failure
        raise error


class _BoundedResponse(HTTPResponse):
    """Which ends where there is nothing left that may be read."""

    def __init__(self, fetcher: Fetcher, sock: socket.socket, *args: object, **named: str) -> None:
        super().__init__(sock, **named)  # type: ignore[arg-type]
        self.fp.close()
        self.fp = io.BufferedReader(_CountedStream(fetcher, sock.makefile("rb", buffering=0)))


class _CountedStream(io.RawIOBase):
    def __init__(self, fetcher: Fetcher, raw: io.RawIOBase) -> None:
        self._fetcher, self._raw = fetcher, raw

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        room = memoryview(buffer)[: self._fetcher.left]
        read: int = self._raw.readinto(room) if room else 0
        self._fetcher.left -= read
        return read

    def close(self) -> None:
        self._raw.close()
        super().close()


@cache
def _context() -> ssl.SSLContext:
    return ssl.create_default_context()


def _check(response: HTTPResponse, kinds: tuple[str, ...]) -> None:
    kind = response.headers.get_content_type()
    if response.status != 200:
        raise FetchRefused(f"answered {response.status}")
    if response.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        raise FetchRefused("packed")
    if not kind.startswith(kinds):
        raise FetchRefused(f"of type {kind}")


def _chunks(response: HTTPResponse) -> Iterator[bytes]:
    """Up to where it is cut off."""
    try:
        while chunk := response.read(CHUNK):
            yield chunk
    except IncompleteRead as cut:
        yield cut.partial


def _decoder(response: HTTPResponse, beginning: bytes) -> codecs.IncrementalDecoder:
    name = _charset(response, beginning)
    try:
        b"-".decode(name, "replace")  # which refuses what unpacks, or does other things
    except (LookupError, ValueError):
        name = "utf-8"
    return codecs.getincrementaldecoder(name)("replace")


def _charset(response: HTTPResponse, beginning: bytes) -> str:
    """As it says of itself, which may be no such thing."""
    for mark, name in _BOMS.items():
        if beginning.startswith(mark):
            return name
    named = response.headers.get_content_charset("")
    found = _CHARSET.search(beginning)
    return named or (found[1].decode("ascii", "replace") if found else "")


class _HeadParser(HTMLParser):
    """Of a page: what it has in `<title>` and `<meta>`, by name, the first of each."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self.is_over = False
        self._is_title = False

    def first(self, names: tuple[str, ...]) -> str:
        return next((self.found[name] for name in names if self.found.get(name, "").strip()), "")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._is_title:  # in which nothing is a tag
            self.handle_data(self.get_starttag_text() or "")
            return
        self.is_over = self.is_over or tag == "body"
        self._is_title = tag == "title" and not self.is_over and "title" not in self.found
        if tag == "meta" and not self.is_over:
            attributes = dict(attrs)
            name = (attributes.get("property") or attributes.get("name") or "").lower()
            if name in (*_TITLES, *_DESCRIPTIONS, *_PICTURES) and name != "title":
                self.found.setdefault(name, attributes.get("content") or "")

    def handle_endtag(self, tag: str) -> None:
        self._is_title = self._is_title and tag != "title"
        self.is_over = self.is_over or tag == "head"

    def handle_data(self, data: str) -> None:
        if self._is_title:
            self.found["title"] = self.found.get("title", "") + data


def main() -> None:
    pipe = Connection(sys.stdin.fileno())
    restrict(memory=MEMORY)
    for limit, most in ((resource.RLIMIT_CPU, SECONDS), (resource.RLIMIT_NOFILE, FILES)):
        resource.setrlimit(limit, (most, most))
    job = json.loads(pipe.recv_bytes())
    page, picture = Page(), b""
    signal.signal(signal.SIGALRM, _on_alarm)
    signal.setitimer(signal.ITIMER_REAL, job["seconds"])
    with suppress(DeadlineExceeded, Exception):  # what there is by then counts
        fetcher = Fetcher(job["agent"], job["trusted"])
        page = fetcher.page(job["url"])
        if page.picture:
            picture = fetcher.picture(page.picture)
        signal.setitimer(signal.ITIMER_REAL, 0)
    result = {"title": page.title, "description": page.description}
    pipe.send_bytes(json.dumps(result).encode())
    pipe.send_bytes(picture)


def _on_alarm(_number: int, _frame: FrameType | None) -> None:
    raise DeadlineExceeded


if __name__ == "__main__":
    main()
