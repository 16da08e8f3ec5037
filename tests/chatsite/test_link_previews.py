"""Fetching the pages of links: what is never asked for, where it ends, what is read of a page."""

import gzip
import os
import resource
import ssl
import subprocess
from collections.abc import Iterator
from http.client import HTTPException
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from chatsite import sandbox
from chatsite.link_previews import fetcher, fetching
from chatsite.link_previews.fetcher import MAX_BYTES, REDIRECTS, Fetcher, FetchRefused, Page
from chatsite.link_previews.fetching import fetch
from chatsite.link_previews.links import link_in
from tests.mail_servers import make_certificate
from tests.web_pages import WebPages, web_pages

PATIENCE = 20  # seconds; only a failing test waits for so long
TITLE = "<title>Fjords</title>"
ADDRESSES = ["10.1.2.3", "100.64.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "fd00::1"]


@pytest.fixture
def pages(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[WebPages]:
    monkeypatch.setattr(fetching, "PATIENCE", PATIENCE)
    with web_pages() as pages:
        settings.LINK_PREVIEW_TRUSTED_HOSTS = [pages.host]
        yield pages


def fetcher_for(pages: WebPages, *others: str) -> Fetcher:
    return Fetcher("tests", [pages.host, *others])


def page_of(pages: WebPages, body: bytes | str, kind: str = "text/html") -> Page:
    return fetcher_for(pages).page(pages.add("/", body, kind))


class TestAddresses:
    @pytest.mark.parametrize(
        "host",
        [
            *("127.0.0.1", "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "0", "localhost"),
            *("10.0.0.1", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1"),
            *("224.0.0.1", "255.255.255.255", "[::1]", "[::]", "[fe80::1]", "[fd00::1]"),
            *("[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:a00:1]", "[64:ff9b::7f00:1]"),
            *("[2002:7f00:1::]", "[ff02::1]", "[64:ff9b:1::1]", "[2001:0:1::1]"),
        ],
    )
    def test_no_private_one_is_asked(self, host: str) -> None:
        with pytest.raises(FetchRefused, match="not a public address"):
            Fetcher("tests").page(f"http://{host}/")

    @pytest.mark.parametrize("address", ADDRESSES)
    def test_nor_a_name_that_has_one_among_others(
        self, monkeypatch: pytest.MonkeyPatch, address: str
    ) -> None:
        monkeypatch.setattr(fetcher, "resolve", lambda *_: ["1.1.1.1", address])
        monkeypatch.setattr("socket.create_connection", pytest.fail)
        with pytest.raises(FetchRefused, match="not a public address"):
            Fetcher("tests").page("https://rebind.example.net/")

    @pytest.mark.parametrize(
        "url",
        [
            *("ftp://example.org/", "file:///etc/passwd", "gopher://example.org/", "//example.org"),
            *("http://example.org:8080/", "https://example.org:22/", "http://example.org:99999/"),
            *("http://ada@example.org/", "http://ada:secret@example.org/", "http:///x", ""),
            *("http://1.1.1.1\\@127.0.0.1/", "http://exam ple.org/", "http://[::1/"),
        ],
    )
    def test_nor_anything_but_the_web(self, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
        monkeypatch.setattr(fetcher, "resolve", pytest.fail)
        with pytest.raises((FetchRefused, ValueError)):
            Fetcher("tests").page(url)

    def test_a_name_is_looked_up_once_and_that_is_connected_to(
        self, pages: WebPages, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answers = [["127.0.0.1"], ["10.0.0.1"]]
        monkeypatch.setattr(fetcher, "resolve", lambda *_: answers.pop(0))
        host = pages.host.replace("127.0.0.1", "rebind.example.net")
        pages.add("/", TITLE)
        assert fetcher_for(pages, host).page(f"http://{host}/").title == "Fjords"
        assert pages.asked[0][1]["Host"] == host
        assert answers == [["10.0.0.1"]]

    @pytest.mark.parametrize(
        "target", ["http://127.0.0.1/", "http://[::ffff:169.254.169.254]/", "file:///etc/passwd"]
    )
    def test_a_redirect_is_checked_as_well(self, pages: WebPages, target: str) -> None:
        url = pages.add("/", status=302, Location=target)
        with pytest.raises(FetchRefused, match="not a"):
            fetcher_for(pages).page(url)
        assert pages.paths == ["/"]

    def test_so_is_the_address_of_the_picture(self, pages: WebPages) -> None:
        page = page_of(pages, '<meta property="og:image" content="http://10.0.0.1/a.png">')
        with pytest.raises(FetchRefused, match="not a public address"):
            fetcher_for(pages).picture(page.picture)

    def test_redirects_have_an_end(self, pages: WebPages) -> None:
        for step in range(REDIRECTS):
            pages.add(f"/{step}", status=301, Location=f"/{step + 1}")
        pages.add(f"/{REDIRECTS}", TITLE)
        assert fetcher_for(pages).page(pages.url("/0")).title == "Fjords"
        url = pages.add("/round", status=307, Location="/round")
        with pytest.raises(FetchRefused, match="too many"):
            fetcher_for(pages).page(url)
        assert pages.paths.count("/round") == REDIRECTS + 1


class TestTls:
    @pytest.fixture
    def certificate(self, tmp_path: Path) -> Iterator[Path]:
        yield make_certificate(tmp_path)
        fetcher._context.cache_clear()

    def test_the_certificate_has_to_be_for_the_name(
        self, certificate: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with web_pages(certificate) as pages:
            url = pages.add("/", TITLE)
            fetcher._context.cache_clear()
            with pytest.raises(ssl.SSLCertVerificationError):
                fetcher_for(pages).page(url)
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
            fetcher._context.cache_clear()
            assert fetcher_for(pages).page(url).title == "Fjords"
            other = pages.host.replace("127.0.0.1", "localhost")
            monkeypatch.setattr(fetcher, "resolve", lambda *_: ["127.0.0.1"])
            with pytest.raises(ssl.SSLCertVerificationError):
                fetcher_for(pages, other).page(f"https://{other}/")

    def test_the_process_trusts_what_the_site_trusts(
        self, certificate: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with web_pages(certificate) as pages:
            settings.LINK_PREVIEW_TRUSTED_HOSTS = [pages.host]
            fetched = fetch(pages.add("/", TITLE))
        assert fetched
        assert fetched.title == "Fjords"


class TestEnds:
    def test_so_many_bytes_are_read_headers_included(self, pages: WebPages) -> None:
        url = pages.add("/", "<title>Fjords</title>" + "<meta>" * MAX_BYTES)
        reader = fetcher_for(pages)
        assert reader.page(url).title == "Fjords"
        assert reader.left == 0
        late = pages.add("/late", "<meta>" * MAX_BYTES + "<title>Fjords</title>")
        assert fetcher_for(pages).page(late).title == ""
        headers: Any = {f"X-{number}": "x" * 60_000 for number in range(10)}
        assert fetcher_for(pages).page(pages.add("/headers", TITLE, **headers)) == Page()

    def test_no_more_than_the_head_is_read(self, pages: WebPages) -> None:
        reader = fetcher_for(pages)
        for end in ("</head>", "<body>"):
            reader.page(pages.add("/", f"<head>{TITLE}{end}{' ' * 2 * MAX_BYTES}"))
        assert reader.left > MAX_BYTES // 2

    def test_a_picture_counts_too(self, pages: WebPages) -> None:
        url = pages.add("/a.png", b"x" * (MAX_BYTES + 1), "image/png")
        assert len(fetcher_for(pages).picture(url)) < MAX_BYTES
        told = pages.add("/b.png", b"", "image/png", Content_Length=str(MAX_BYTES + 1))
        with pytest.raises(FetchRefused, match="too large"):
            fetcher_for(pages).picture(told)

    def test_what_is_packed_is_not_unpacked(self, pages: WebPages) -> None:
        bomb = gzip.compress(TITLE.encode() + bytes(50 * 2**20))
        with pytest.raises(FetchRefused, match="packed"):
            fetcher_for(pages).page(pages.add("/", bomb, Content_Encoding="gzip"))
        assert pages.asked[0][1]["Accept-Encoding"] == "identity"

    def test_what_comes_too_slowly_is_given_up(
        self, pages: WebPages, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(fetching, "SECONDS", 1)
        assert fetch(pages.add("/", TITLE, slowly=True)) is None
        assert pages.gone.wait(PATIENCE)

    def test_a_picture_that_does_leaves_the_words(
        self, pages: WebPages, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(fetching, "SECONDS", 1)
        pages.add("/a.png", b"\x89PNG", "image/png", slowly=True)
        fetched = fetch(pages.add("/", f'{TITLE}<meta property="og:image" content="a.png">'))
        assert fetched
        assert (fetched.title, fetched.picture) == ("Fjords", b"")

    def test_the_process_is_killed_where_it_does_not_end(
        self, pages: WebPages, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(fetching, "SECONDS", 3600)
        monkeypatch.setattr(fetching, "PATIENCE", 2 - 3600)
        assert fetch(pages.add("/", TITLE, slowly=True)) is None

    def test_it_has_nothing_of_the_site_and_comes_after_it(
        self, pages: WebPages, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        processes: list[subprocess.Popen[bytes]] = []
        found: dict[str, Any] = {}

        begin = sandbox.start
        for name in fetching.CERTIFICATES:
            monkeypatch.delenv(name, raising=False)

        def start(*args: Any, **named: Any) -> tuple[subprocess.Popen[bytes], Connection]:
            process, line = begin(*args, **named)
            processes.append(process)
            return process, line

        def look(handler: Any) -> None:
            """While it waits for this page."""
            pid = processes[0].pid
            folder = Path(f"/proc/{pid}")
            pairs = (folder / "environ").read_bytes().split(b"\0")
            found["names"] = {pair.split(b"=")[0] for pair in pairs}
            files = {path.name: str(path.readlink()) for path in (folder / "fd").iterdir()}
            found["files"] = {"socket" if "socket:" in each else each for each in files.values()}
            found["priority"] = os.getpriority(os.PRIO_PROCESS, pid)
            found["limits"] = [
                resource.prlimit(pid, limit)[1]
                for limit in (resource.RLIMIT_AS, resource.RLIMIT_FSIZE, resource.RLIMIT_CPU)
            ]
            handler.send_error(404)

        pages.answers["/"] = look
        monkeypatch.setattr(sandbox, "start", start)
        assert fetch(pages.url("/")) is None
        assert found["names"] == {b"PYTHONPATH", b""}
        assert found["files"] == {"socket", os.devnull}
        assert found["priority"] == sandbox.LOWER_PRIORITY
        assert found["limits"] == [fetcher.MEMORY, 0, fetcher.SECONDS]


class TestPages:
    @pytest.mark.parametrize(
        ("head", "title", "description"),
        [
            ("<title>A</title>", "A", ""),
            ('<title>A</title><meta property="og:title" content="B">', "B", ""),
            ('<title>A</title><meta property="og:title" content=" ">', "A", ""),
            ('<meta name="twitter:title" content="C &amp; D"><title>A</title>', "C & D", ""),
            ('<title>A</title><meta name="Description" content="Words">', "A", "Words"),
            ('<title>A<!-- x --></title><meta name="description" content>', "A", ""),
            ("<title>A</title><title>B</title>", "A", ""),
            ("<body><title>A</title>", "", ""),
            ("<script>'<title>A</title>'</script>", "", ""),
            ("<title>A", "A", ""),
            ("nothing", "", ""),
        ],
    )
    def test_what_one_says(self, pages: WebPages, head: str, title: str, description: str) -> None:
        assert page_of(pages, head) == Page(title, description)

    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            ("<title>Fjörd</title>".encode(), "text/html; charset=utf-8"),
            ("<title>Fjörd</title>".encode("latin-1"), "text/html; charset=ISO-8859-1"),
            ("<meta charset=latin-1><title>Fjörd</title>".encode("latin-1"), "text/html"),
            ("\ufeff<title>Fjörd</title>".encode("utf-16-le"), "text/html"),
            ("<title>Fjörd</title>".encode(), "text/html; charset=zlib"),
            ("<title>Fjörd</title>".encode(), "text/html; charset=unheard-of"),
            ("<title>Fjörd</title>".encode(), "application/xhtml+xml"),
        ],
    )
    def test_in_whatever_letters(self, pages: WebPages, body: bytes, kind: str) -> None:
        assert page_of(pages, body, kind).title == "Fjörd"

    def test_letters_that_are_cut_in_two(self, pages: WebPages) -> None:
        start = "<title>" + "é" * (fetcher.CHUNK // 2)
        for shift in ("", " "):
            assert "\ufffd" not in page_of(pages, f"{shift}{start}</title>").title

    @pytest.mark.parametrize("kind", ["image/png", "application/json", "text/plain", "x"])
    def test_what_is_no_page(self, pages: WebPages, kind: str) -> None:
        with pytest.raises(FetchRefused, match="of type"):
            page_of(pages, TITLE, kind)

    def test_what_says_it_is_a_page_and_is_none(self, pages: WebPages) -> None:
        noise = bytes(range(256)) * 100
        assert page_of(pages, noise).title == ""
        assert fetch(pages.add("/", noise)) is None

    @pytest.mark.parametrize("status", [204, 206, 403, 404, 500])
    def test_what_is_not_there(self, pages: WebPages, status: int) -> None:
        with pytest.raises((FetchRefused, HTTPException)):
            fetcher_for(pages).page(pages.add("/", TITLE, status=status))

    def test_a_picture_is_found_beside_its_page(self, pages: WebPages) -> None:
        head = '<meta property="og:image" content="../a b.png"><title>Fjords</title>'
        pages.add("/old", status=308, Location="/new/place/")
        pages.add("/new/place/", head)
        page = fetcher_for(pages).page(pages.url("/old"))
        pages.add("/new/a%20b.png", b"bytes", "image/png")
        assert fetcher_for(pages).picture(page.picture) == b"bytes"

    def test_a_picture_says_that_it_is_one(self, pages: WebPages) -> None:
        with pytest.raises(FetchRefused, match="of type"):
            fetcher_for(pages).picture(pages.add("/a.png", TITLE, "text/html"))

    def test_words_are_cut_and_harmless(self, pages: WebPages) -> None:
        title = "\u202eevil\u202c \x07<b>" + "x" * 500
        fetched = fetch(pages.add("/", f"<title>{title}</title>"))
        assert fetched
        assert fetched.title == f"evil <b>{'x' * 191}…"[:200]
        assert len(fetched.title) <= fetching.TITLE

    def test_it_says_who_asks_and_nothing_else(
        self, pages: WebPages, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.PUBLIC_URL = "https://chat.example.org"
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        pages.add("/", status=302, Location="/next", Set_Cookie="a=b")
        pages.add("/next", TITLE)
        assert fetch(pages.url("/"))
        for _path, headers in pages.asked:
            assert "https://chat.example.org" in headers.pop("User-Agent")
            assert set(headers) == {"Host", "Accept", "Accept-Encoding", "Connection"}


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("see https://example.org/a?b=c#d.", "https://example.org/a?b=c"),
        ("www.Example.ORG", "https://www.example.org/"),
        ("HTTP://example.org:80", "http://example.org:80/"),
        ("https://straße.example/é", "https://xn--strae-oqa.example/%C3%A9"),
        ("(https://example.org/a_(b))", "https://example.org/a_(b)"),
        ("https://a.example and https://b.example", "https://a.example/"),
        ("`https://a.example` https://b.example", "https://b.example/"),
        ("https://example.org:8080/", ""),
        ("https://ada:secret@example.org/", ""),
        ("https://chat.example.org/invited/secret", ""),
        ("http://[::1", ""),
        (f"https://example.org/{'x' * 2000}", ""),
        ("mailto:ada@example.org", ""),
        ("no link", ""),
    ],
)
def test_which_link_of_a_text(settings: Settings, text: str, link: str) -> None:
    settings.PUBLIC_URL = "https://chat.example.org"
    assert link_in(text) == link
