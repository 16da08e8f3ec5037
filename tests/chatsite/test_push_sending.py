"""No push service that somebody names keeps those waiting who wait for others."""

import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from threading import Event, Thread

import pytest
from pytest_django import Settings

from chatsite.push import sending
from chatsite.push.sending import PushBusy, PushUnavailable, Target
from tests.mail_servers import make_certificate
from tests.push_service import Browser, PushService, push_service

PATIENCE = 30  # seconds
MESSAGE = json.dumps({"text": "Hi"}).encode()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("push"))


@pytest.fixture
def service(
    certificate: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PushService]:
    with push_service(certificate) as stand_in:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        settings.PUSH_TRUSTED_HOSTS = [stand_in.host]
        for cached in (sending._context, sending._breaker):
            cached.cache_clear()
        yield stand_in
        sending._context.cache_clear()


def send(browser: Browser) -> None:
    sending.send(Target(**browser.subscription), MESSAGE, topic="t")


def test_an_answer_that_is_slow_is_as_bad_as_none(
    service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "SLOW", 0)
    browser = service.browser()
    send(browser)
    assert len(browser.got) == 1
    with pytest.raises(PushUnavailable, match="did not answer just now"):
        send(browser)
    assert len(service.tries) == 1


def test_a_service_has_one_name_however_it_is_spelt(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        raise OSError

    monkeypatch.setattr(sending, "resolve", resolve)
    sending._breaker.cache_clear()
    for host in (
        "push.example.net",
        "Push.Example.NET",
        "push.example.net.",
        "PUSH.example.net:443",
    ):
        with pytest.raises(PushUnavailable):
            send(Browser(f"https://{host}/x"))
    assert len(asked) == 1


def test_one_that_hangs_takes_two_threads_and_others_go_on(
    service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "DEADLINE", PATIENCE)
    monkeypatch.setattr(sending, "SLOW", PATIENCE)
    monkeypatch.setattr(sending, "SLOT_WAIT", 0)
    is_over, asked = Event(), SimpleQueue[str]()

    def resolve(host: str, _port: int) -> list[str]:
        asked.put(host)
        is_over.wait(PATIENCE)
        raise OSError

    def hangs(host: str) -> None:
        with suppress(PushUnavailable):
            send(Browser(f"https://{host}/x"))

    with monkeypatch.context() as patch:
        patch.setattr(sending, "resolve", resolve)
        threads = [Thread(target=hangs, args=(f"{name}.example.net",)) for name in "ab"]
        for thread in threads:
            thread.start()
        assert {asked.get(timeout=PATIENCE) for _ in threads} == {"a.example.net", "b.example.net"}
        with pytest.raises(PushBusy):  # whatever it calls its hosts
            send(Browser("https://c.example.net/x"))
    browser = service.browser()
    send(browser)
    assert len(browser.got) == 1
    is_over.set()
    for thread in threads:
        thread.join()
    assert asked.empty()
    assert not sending._site_limiter


def test_a_name_that_is_looked_up_for_ever_has_the_deadline_of_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    is_over = Event()

    def resolve(_host: str, _port: int) -> list[str]:
        is_over.wait(PATIENCE)
        raise OSError

    monkeypatch.setattr(sending, "resolve", resolve)
    monkeypatch.setattr(sending, "DEADLINE", 0.1)
    sending._breaker.cache_clear()
    with pytest.raises(PushUnavailable, match=r"push\.example\.net: TimeoutError"):
        send(Browser("https://push.example.net/x"))
    assert not is_over.is_set()
    is_over.set()


@pytest.mark.parametrize(
    "answer",
    [
        *(b"220\r\n\r\n", b"\r\n\r\n", b"HTTP/1.1\r\n\r\n", b"HTTP/1.1 OK\r\n\r\n"),
        *(b"HTTP/1.1 -1 x\r\n\r\n", "HTTP/1.1 ²00\r\n\r\n".encode(), b"\0" * 2**17, b""),
    ],
)
def test_what_is_no_http_is_no_answer(
    service: PushService, certificate: Path, settings: Settings, answer: bytes
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        host = f"127.0.0.1:{listening.getsockname()[1]}"
        settings.PUSH_TRUSTED_HOSTS = [host]

        def serve() -> None:
            raw, _address = listening.accept()
            with suppress(OSError), context.wrap_socket(raw, server_side=True) as client:
                client.recv(2**16)
                client.sendall(answer)

        thread = Thread(target=serve)
        thread.start()
        browser = Browser(f"https://{host}/x")
        for words in ("127.0.0.1: ", "127.0.0.1 did not answer just now"):
            with pytest.raises(PushUnavailable, match=words):
                send(browser)
        thread.join()


@pytest.mark.parametrize("after", ["Mon, 01 Jan 99999999999999999999 00:00:00 GMT", "soon", "-1"])
def test_a_time_that_cannot_be_is_none(service: PushService, after: str) -> None:
    service.answers = [(503, after)]
    with pytest.raises(PushUnavailable) as refused:
        send(service.browser())
    assert refused.value.after == 0
