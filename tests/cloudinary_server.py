"""A stand-in for Cloudinary that speaks its protocol: signed multipart calls, the listing for
administrators, and delivery from a cache that forgets only what it is told to.
"""

import base64
import hashlib
import io
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http.multipartparser import MultiPartParser
from PIL import Image

KEY, SECRET, CLOUD = "123456789", "the/secret of@tests", "demo"
NOT_SIGNED = {"signature", "api_key", "file", "resource_type", "cloud_name"}
PATIENCE = 30  # seconds, for a call that is made in the background
DELIVERY = re.compile(
    r"/image/(?P<kind>upload|private|authenticated)"
    r"(?:/s--(?P<signature>[\w-]{8})--)?(?:/(?P<transformation>[a-z]+_[^/]+))?/v1/(?P<place>.+)"
)

Mood = Literal["well", "down", "garbled", "silent", "elsewhere"]
Call = Callable[[bytes], tuple[str, Any]]  # a body in, the call's name and its answer out
Place = tuple[str, str]  # type of delivery, public id


class Refused(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class CloudinaryServer:
    port: int = 0
    mood: Mood = "well"
    stored: dict[Place, bytes] = field(default_factory=dict)
    created: dict[Place, datetime] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    cached: dict[str, bytes] = field(default_factory=dict)
    page: int = 500
    wakes: threading.Event = field(default_factory=threading.Event)
    _done: threading.Condition = field(default_factory=threading.Condition)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def url(self, timeout: float = 20) -> str:
        """What CLOUDINARY_URL has to be."""
        secret = SECRET.replace("/", "%2F").replace("@", "%40").replace(" ", "%20")
        options = f"upload_prefix={self.origin}&secure_distribution={self.origin}"
        return f"cloudinary://{KEY}:{secret}@{CLOUD}?{options}&timeout={timeout}"

    def places(self, kind: str) -> list[str]:
        return sorted(place for each, place in self.stored if each == kind)

    def age(self, ago: timedelta) -> None:
        """Everything that is stored came long ago."""
        for place, moment in self.created.items():
            self.created[place] = moment - ago

    def wait_for(self, call: str, times: int = 1) -> None:
        with self._done:
            done = self._done.wait_for(lambda: self.calls.count(call) >= times, PATIENCE)
        assert done, f"{call} was not called {times} times: {self.calls}"

    def note(self, call: str) -> None:
        with self._done:
            self.calls.append(call)
            self._done.notify_all()

    def upload(self, form: dict[str, str], file: bytes) -> dict[str, Any]:
        place = (form.get("type", "upload"), form["public_id"])
        try:
            width, height = Image.open(io.BytesIO(file)).size
        except OSError:
            raise Refused(400, "Invalid image file") from None
        self.stored[place], self.created[place] = file, datetime.now(UTC)
        told = {"width": width, "height": height, "bytes": len(file), "format": "webp"}
        return {**self._resource(place), **told, "version": 1}

    def rename(self, form: dict[str, str], _file: bytes) -> dict[str, Any]:
        kind = form.get("type", "upload")
        old, new = (kind, form["from_public_id"]), (form.get("to_type", kind), form["to_public_id"])
        if old not in self.stored:
            raise Refused(404, f"Resource not found - {old[1]}")
        if new in self.stored and not form.get("overwrite"):
            raise Refused(400, f"to_public_id {new[1]} already exists")
        self.stored[new], self.created[new] = self.stored.pop(old), self.created.pop(old)
        self._forget(old, form)
        return self._resource(new)

    def destroy(self, form: dict[str, str], _file: bytes) -> dict[str, Any]:
        place = (form.get("type", "upload"), form["public_id"])
        self._forget(place, form)
        return {"result": "ok" if self._drop(place) else "not found"}

    def listed(self, kind: str, query: dict[str, str]) -> dict[str, Any]:
        found = [place for place in self.places(kind) if place.startswith(query.get("prefix", ""))]
        start = int(query.get("next_cursor", 0))
        end = start + min(self.page, int(query.get("max_results", 10)))
        rest = {"next_cursor": str(end)} if end < len(found) else {}
        return {"resources": [self._resource((kind, each)) for each in found[start:end]], **rest}

    def delete(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        if len(body["public_ids"]) > 100:
            raise Refused(400, "Too many public ids")
        places = [(kind, each) for each in body["public_ids"]]
        for place in places:
            self._forget(place, body)
        return {"deleted": {p[1]: "deleted" if self._drop(p) else "not_found" for p in places}}

    def download(self, query: dict[str, str]) -> bytes:
        if int(query["expires_at"]) < time.time():
            raise Refused(401, "Link expired")
        try:
            return self.stored[query["type"], query["public_id"]]
        except KeyError:
            raise Refused(404, "Resource not found") from None

    def deliver(self, path: str) -> bytes:
        """The originals of private ones need a signature, smaller versions none; authenticated ones
        need it always. The cache asks for neither again.
        """
        if path in self.cached:
            return self.cached[path]
        match = DELIVERY.fullmatch(path)
        if match is None or (match["kind"], match["place"]) not in self.stored:
            raise Refused(404, "Resource not found")
        kind, transformation = match["kind"], match["transformation"]
        signed = match["signature"] == signature_of(transformation, match["place"])
        guarded = kind == "authenticated" or (kind == "private" and not transformation)
        if guarded and not signed:
            raise Refused(401, "Invalid signature")
        self.cached[path] = self.stored[kind, match["place"]]
        return self.cached[path]

    def _resource(self, place: Place) -> dict[str, Any]:
        created = self.created[place].strftime("%Y-%m-%dT%H:%M:%SZ")
        common = {"resource_type": "image", "created_at": created}
        name = "another" if self.mood == "elsewhere" else place[1]
        return {"public_id": name, "type": place[0], **common}

    def _forget(self, place: Place, told: dict[str, Any]) -> None:
        if told.get("invalidate") in ("true", "1", True):
            for path in [path for path in self.cached if path.endswith(place[1])]:
                del self.cached[path]

    def _drop(self, place: Place) -> bool:
        self.created.pop(place, None)
        return self.stored.pop(place, None) is not None


class _Handler(BaseHTTPRequestHandler):
    site: CloudinaryServer

    def do_POST(self) -> None:
        self._answer(self._signed_call)

    def do_GET(self) -> None:
        self._answer(self._look)

    def do_DELETE(self) -> None:
        self._answer(self._administer)

    def _answer(self, call: Call) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.site.mood == "silent":
            self.site.note("unanswered")
            self.site.wakes.wait(PATIENCE)
        elif self.site.mood == "garbled":
            self._send(200, "text/html", b"<h1>Hotel network: please log in</h1>")
        else:
            name, status, answer = self._outcome(call, body)
            self.site.note(name)  # first: whoever has the answer may look
            if isinstance(answer, bytes):
                self._send(status, "image/webp", answer)
            else:
                self._send(status, "application/json", json.dumps(answer).encode())

    def _outcome(self, call: Call, body: bytes) -> tuple[str, int, Any]:
        try:
            if self.site.mood == "down":
                raise Refused(500, "General Error")
            name, answer = call(body)
        except Refused as refused:
            return "refused", refused.status, {"error": {"message": str(refused)}}
        return name, 200, answer

    def _signed_call(self, body: bytes) -> tuple[str, Any]:
        action = self._under_api("image")
        form, file = self._form(body)
        check_signature(form)
        calls = {
            "upload": self.site.upload,
            "rename": self.site.rename,
            "destroy": self.site.destroy,
        }
        if action not in calls:
            raise Refused(404, f"Unknown action {action}")
        return action, calls[action](form, file)

    def _form(self, body: bytes) -> tuple[dict[str, str], bytes]:
        meta = {"CONTENT_TYPE": self.headers["Content-Type"], "CONTENT_LENGTH": len(body)}
        parser: Any = MultiPartParser(meta, io.BytesIO(body), [MemoryFileUploadHandler()])
        form, files = parser.parse()
        return form.dict(), files["file"].read() if files else b""

    def _look(self, _body: bytes) -> tuple[str, Any]:
        address = urlsplit(self.path)
        if not address.path.startswith("/v1_1/"):
            return "deliver", self.site.deliver(unquote(address.path))
        query = dict(parse_qsl(address.query))
        if address.path.endswith("/image/download"):
            check_signature(query)
            return "download", self.site.download(query)
        return "listed", self.site.listed(self._administered(), query)

    def _administer(self, body: bytes) -> tuple[str, Any]:
        return "delete", self.site.delete(self._administered(), json.loads(body))

    def _administered(self) -> str:
        expected = "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
        if self.headers.get("Authorization") != expected:
            raise Refused(401, "Invalid credentials")
        return self._under_api("resources/image")

    def _under_api(self, folder: str) -> str:
        start = f"/v1_1/{CLOUD}/{folder}/"
        path = urlsplit(self.path).path
        if not path.startswith(start):
            raise Refused(404, "Unknown path")
        return path.removeprefix(start)

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


def check_signature(form: dict[str, str]) -> None:
    if form.get("api_key") != KEY:
        raise Refused(401, f"Unknown API key {form.get('api_key')}")
    signed = sorted((name, text) for name, text in form.items() if name not in NOT_SIGNED)
    to_sign = "&".join(f"{name}={text}".replace("&", "%26") for name, text in signed)
    if form.get("signature") != hashlib.sha1((to_sign + SECRET).encode()).hexdigest():
        raise Refused(401, f"Invalid Signature. String to sign - '{to_sign}'.")
    if abs(time.time() - int(form["timestamp"])) > 3600:
        raise Refused(400, "Stale request")


def signature_of(transformation: str | None, place: str) -> str:
    to_sign = "/".join(part for part in (transformation, place) if part)
    digest = hashlib.sha1((to_sign + SECRET).encode()).digest()
    return base64.urlsafe_b64encode(digest)[:8].decode()


@contextmanager
def cloudinary() -> Iterator[CloudinaryServer]:
    site = CloudinaryServer()
    handler = type("Handler", (_Handler,), {"site": site})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    site.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield site
    finally:
        site.wakes.set()
        server.shutdown()
        server.server_close()
        thread.join()
