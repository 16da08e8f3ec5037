"""Files in an object store that speaks S3: what Django knows as the storage `attachments`.

django-storages has how it is reached. Requests go through a client of boto3, which threads may
share: Django's own interface of storages has no parts of files, and no times for all of a list.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import boto3
from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.storage import Storage, storages

from chatsite.errors import DomainError
from chatsite.files.refusals import no_room, not_opened, not_stored
from chatsite.files.response import FileSource

logger = logging.getLogger(__name__)
ALIAS = "attachments"
BATCH_SIZE = 1000  # that S3 removes by one request
MISSING = {"404", "NoSuchKey", "NotFound"}
FULL = {"507", "QuotaExceeded", "XMinioStorageFull"}


class ObjectStore:
    def __init__(self, storage: Any) -> None:
        session = boto3.Session(
            aws_access_key_id=storage.access_key,
            aws_secret_access_key=storage.secret_key,
            aws_session_token=storage.security_token,
        )
        self._client: Any = session.client(
            "s3",
            region_name=storage.region_name,
            endpoint_url=storage.endpoint_url,
            config=storage.client_config,
        )
        self._bucket = storage.bucket_name
        self._folder = f"{storage.location.strip('/')}/".lstrip("/")

    def put(self, name: str, path: Path) -> None:
        """Whole, or not at all. Raises DomainError 503, 507."""
        with translating_errors(not_stored), path.open("rb") as file:
            self._client.upload_fileobj(file, self._bucket, self._key(name))

    def copy(self, name: str, source: FileSource) -> None:
        """From wherever it is. Raises DomainError 503, 507, OSError."""
        with translating_errors(not_stored), closing(source.opened(0, source.size)) as file:
            self._client.upload_fileobj(file, self._bucket, self._key(name))

    def save(self, name: str, data: bytes) -> None:
        with translating_errors(not_stored):
            self._client.put_object(Bucket=self._bucket, Key=self._key(name), Body=data)

    def find(self, name: str) -> FileSource | None:
        """Raises DomainError 503."""
        with translating_errors(not_opened):
            try:
                found = self._client.head_object(Bucket=self._bucket, Key=self._key(name))
            except ClientError as error:
                if _code(error) in MISSING:
                    return None
                raise
        return FileSource(name, found["ContentLength"], partial(self._opened, name))

    def remove(self, names: Iterable[str]) -> int:
        """Returns how many. Nothing can be touched here: whoever removes has queried the database
        just before, a while after the last message went that had them (`services/removal.py`).
        """
        keys = [{"Key": self._key(name)} for name in names]
        kept = 0
        for at in range(0, len(keys), BATCH_SIZE):
            some = keys[at : at + BATCH_SIZE]
            with translating_errors(not_stored):
                response = self._client.delete_objects(
                    Bucket=self._bucket, Delete={"Objects": some, "Quiet": True}
                )
            for each in response.get("Errors", ()):
                logger.error("the object store keeps a file that was to go: %s", each.get("Code"))
                kept += 1
        return len(keys) - kept

    def listed(self, beginning: str = "") -> Iterator[tuple[str, datetime]]:
        """Names, and when each was stored: those that begin so, else those in no folder of their
        own. Raises DomainError 503.
        """
        apart = {} if beginning else {"Delimiter": "/"}
        with translating_errors(not_opened):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._key(beginning), **apart
            )
            for page in pages:
                for each in page.get("Contents", ()):
                    yield each["Key"].removeprefix(self._folder), each["LastModified"]

    def _opened(self, name: str, start: int, size: int) -> Any:
        """No more than is wanted: what is not taken of a response costs its connection."""
        part = f"bytes={start}-{start + size - 1}"
        with translating_errors(not_opened):
            return self._client.get_object(Bucket=self._bucket, Key=self._key(name), Range=part)[
                "Body"
            ]

    def _key(self, name: str) -> str:
        return f"{self._folder}{name}"


def object_store() -> ObjectStore:
    return _store_of(storages[ALIAS])


@lru_cache(maxsize=1)
def _store_of(storage: Storage) -> ObjectStore:
    return ObjectStore(storage)


@contextmanager
def translating_errors(refusal: Callable[[], DomainError]) -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, Boto3Error, ClientError) as error:
        logger.error("the object store failed: %s", error)
        raise (no_room() if _code(error) in FULL else refusal()) from None


def _code(error: Exception) -> str:
    cause = error if isinstance(error, ClientError) else error.__context__
    response = getattr(cause, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))
