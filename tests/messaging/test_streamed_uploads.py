"""Uploads and files over a real server, in pieces, and by two workers of one site."""

import hashlib
import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.factories import PASSWORD
from tests.files import OFFSET_TYPE, TUS
from tests.production import PATIENCE, Server

LARGE = os.urandom(2**20) * 24  # more than any other body may have


class Person:
    def __init__(self, name: str, *workers: Server) -> None:
        signed_up = workers[0].sign_up(name, f"{name}@example.org", PASSWORD).raise_for_status()
        self.key, self.token = signed_up.json()["_id"], signed_up.cookies["jwt"]
        headers = {"Authorization": f"Bearer {self.token}"}
        self.at = [
            httpx.Client(base_url=each.url, headers=headers, timeout=PATIENCE) for each in workers
        ]

    def close(self) -> None:
        for client in self.at:
            client.close()

    def begin(self, data: bytes) -> str:
        headers = {**TUS, "Upload-Length": str(len(data))}
        begun = self.at[0].post("/api/uploads", headers=headers).raise_for_status()
        return str(begun.headers["Location"])

    def offset(self, location: str, worker: int = 0) -> int:
        asked = self.at[worker].head(location, headers=TUS).raise_for_status()
        return int(asked.headers["Upload-Offset"])

    def send(self, location: str, data: bytes, offset: int, worker: int = 0) -> httpx.Response:
        headers = {**TUS, "Upload-Offset": str(offset), "Content-Type": OFFSET_TYPE}
        return self.at[worker].patch(location, content=data, headers=headers)


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Server]]:
    folder = tmp_path_factory.mktemp("site")
    first = Server(folder, LIMIT_READS="1000000", LIMIT_WRITES="1000000")
    second = Server(folder, LIMIT_READS="1000000", LIMIT_WRITES="1000000")
    first.migrate()
    with first.running(), second.running():
        yield [first, second]


@pytest.fixture(scope="module")
def ada(workers: list[Server]) -> Iterator[Person]:
    with closing(Person("ada", *workers)) as ada:
        yield ada


@pytest.fixture(scope="module")
def bo(workers: list[Server]) -> Iterator[Person]:
    with closing(Person("bo", *workers)) as bo:
        yield bo


def test_a_large_form_arrives_whole_and_comes_back_in_parts(ada: Person, bo: Person) -> None:
    files = {"file": ("large.bin", LARGE)}
    told = ada.at[0].post("/api/attachments", files=files).raise_for_status().json()
    assert (told["name"], told["size"]) == ("large.bin", len(LARGE))
    body = {"attachments": [told["id"]]}
    ada.at[0].post(f"/api/messages/send/{bo.key}", json=body).raise_for_status()
    whole = bo.at[1].get(told["url"]).raise_for_status()
    assert hashlib.sha256(whole.content).digest() == hashlib.sha256(LARGE).digest()
    part = bo.at[1].get(told["url"], headers={"Range": f"bytes=-{2**19}"})
    assert (part.status_code, part.content) == (206, LARGE[-(2**19) :])
    asked = bo.at[1].head(told["url"])
    assert (asked.content, asked.headers["Content-Length"]) == (b"", str(len(LARGE)))


def test_no_other_call_takes_as_much(ada: Person) -> None:
    for path in ("/api/attachments/usage", "/api/uploads", "/api/messages/forward"):
        answer = ada.at[0].post(path, content=LARGE, headers={"Content-Type": OFFSET_TYPE})
        assert answer.status_code == 413
        assert answer.json() == {"message": "The request is too large."}


def test_an_upload_that_was_cut_off_goes_on_at_another_worker(
    ada: Person, workers: list[Server]
) -> None:
    location, arrived = ada.begin(LARGE), 5_000_000
    head = (
        f"PATCH {location} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {ada.token}\r\n"
        f"Tus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: {OFFSET_TYPE}\r\n"
        f"Content-Length: {len(LARGE)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", workers[0].port), PATIENCE) as line:
        line.sendall(head.encode() + LARGE[:arrived])
        # Another worker knows of it while it goes on, and keeps out of the way.
        while ada.offset(location, worker=1) < arrived:
            pass
        assert ada.send(location, LARGE, 0, worker=1).status_code == 423
    while (answer := ada.send(location, LARGE[arrived:], arrived, worker=1)).status_code == 423:
        pass  # the first one has not noticed yet
    assert answer.status_code == 204
    assert ada.offset(location) == len(LARGE)
    url = f"/api/attachments/{location.rpartition('/')[2]}/file"
    assert ada.at[1].get(url).content == LARGE


def test_a_body_of_unknown_length_arrives_too(ada: Person) -> None:
    location = ada.begin(LARGE)
    headers = {**TUS, "Upload-Offset": "0", "Content-Type": OFFSET_TYPE}
    pieces = (LARGE[at : at + 2**20] for at in range(0, len(LARGE), 2**20))
    answer = ada.at[0].patch(location, content=pieces, headers=headers)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(len(LARGE)))


def test_strangers_are_refused_before_they_have_sent_anything(workers: list[Server]) -> None:
    with socket.create_connection(("127.0.0.1", workers[0].port), PATIENCE) as line:
        line.sendall(
            f"POST /api/attachments HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(LARGE)}\r\n"
            "Content-Type: multipart/form-data; boundary=x\r\n\r\n".encode()
        )
        assert line.recv(100).startswith(b"HTTP/1.1 401 ")


def test_nothing_of_it_waits_elsewhere(workers: list[Server], ada: Person) -> None:
    """Only where it is to stay: no second copy on disk."""
    folder = Path(workers[0].environment["MEDIA_ROOT"])
    location = ada.begin(LARGE)
    ada.send(location, LARGE[:1000], 0)
    assert {path.stat().st_size for path in folder.rglob("*") if path.is_file()} <= {
        len(LARGE),
        1000,
    }
