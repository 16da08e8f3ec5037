"""A server that speaks S3 (moto's), and can be made to fail."""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal

import boto3
import httpx
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

KEY, SECRET, BUCKET = "key", "the/secret of@tests", "files"
ERROR = "<?xml version='1.0'?><Error><Code>{code}</Code><Message>{code}</Message></Error>"
DOWN = ("503 Service Unavailable", "SlowDown")
CODES = {"down": DOWN, "silent": DOWN, "full": ("507 Full", "QuotaExceeded")}

Mood = Literal["well", "down", "full", "silent"]


@dataclass
class S3Server:
    port: int = 0
    mood: Mood = "well"
    calls: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)  # that were asked for
    wakes: threading.Event = field(default_factory=threading.Event)
    _app: Any = field(default_factory=lambda: DomainDispatcherApplication(create_backend_app))

    @property
    def url(self) -> str:
        """What S3_URL has to be."""
        return f"http://{KEY}:the%2Fsecret%20of%40tests@127.0.0.1:{self.port}/{BUCKET}/a/folder"

    @property
    def client(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{self.port}",
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            region_name="us-east-1",
        )

    def names(self) -> list[str]:
        """Of what is in its folder."""
        found = self.client.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return [each["Key"].removeprefix("a/folder/") for each in found]

    def read(self, name: str) -> bytes | None:
        """What is in its folder under that name."""
        client = self.client
        with suppress(client.exceptions.NoSuchKey):
            found = client.get_object(Bucket=BUCKET, Key=f"a/folder/{name}")
            return bytes(found["Body"].read())
        return None

    def answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        self.calls.append(environ["REQUEST_METHOD"])
        if part := environ.get("HTTP_RANGE"):
            self.parts.append(part)
        mood = self.mood  # what was not answered in time is not carried out later
        if mood == "silent":
            self.wakes.wait(30)
        if code := CODES.get(mood):
            start(code[0], [("Content-Type", "application/xml")])
            return [ERROR.format(code=code[1]).encode()]
        return list(self._app(environ, start))


@contextmanager
def s3_server() -> Iterator[S3Server]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # not a line for each request
    s3 = S3Server()
    server = make_server("127.0.0.1", 0, s3.answer, threaded=True)
    s3.port = server.server_port
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        s3.client.create_bucket(Bucket=BUCKET)
        yield s3
    finally:
        s3.mood = "well"
        s3.wakes.set()
        # What is stored is kept for the whole process: the next server would have it.
        httpx.post(f"http://127.0.0.1:{s3.port}/moto-api/reset").raise_for_status()
        server.shutdown()
        thread.join()
        server.server_close()
