"""Cloudinary's calls, each with the account's own options, and one kind of error for whatever they
and their responses raise.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import urllib3
from cloudinary import api, config, uploader, utils
from cloudinary.exceptions import NotFound

from chatsite.conf.cloud import CloudAccount
from chatsite.pictures.storage.store import StorageError

# The SDK reads CLOUDINARY_* of the environment on its own; here each call says what it means.
config().__dict__.clear()
config(signature_version=2)

PAGE, HANDFUL = 500, 100  # what one call may list and delete, at the most
CONNECT_SECONDS = 3
LINK_SECONDS = 60


class Sdk:
    """`kind` is the type of delivery; all methods but `address` raise StorageError."""

    def __init__(self, account: CloudAccount) -> None:
        signing = {
            "cloud_name": account.cloud_name,
            "api_secret": account.api_secret,
            "signature_algorithm": account.signature_algorithm,
        }
        connect = min(CONNECT_SECONDS, account.timeout)
        self._timeout = urllib3.Timeout(connect=connect, read=account.timeout)
        self._calling: dict[str, Any] = {
            **signing,
            "api_key": account.api_key,
            "upload_prefix": account.api,
            "timeout": self._timeout,
        }
        self._delivering = {**signing, **_host(account)}

    def upload(self, data: bytes, public_id: str, kind: str) -> None:
        with _translating_errors():
            file = ("picture.webp", data)
            response = uploader.upload(file, public_id=public_id, type=kind, **self._calling)
            if response["public_id"] != public_id:
                raise StorageError("it was stored under another name")

    def rename(self, public_id: str, kind: str, new_public_id: str, new_kind: str) -> bool:
        """Whether it was there."""
        with _translating_errors():
            try:
                uploader.rename(
                    public_id,
                    new_public_id,
                    type=kind,
                    to_type=new_kind,
                    invalidate=True,
                    **self._calling,
                )
            except NotFound:
                return False
            return True

    def download(self, public_id: str, kind: str) -> bytes | None:
        """The original; None when it is not there."""
        expires_at = int(time.time()) + LINK_SECONDS
        link = utils.private_download_url(
            public_id, "webp", type=kind, expires_at=expires_at, **self._calling
        )
        retries = urllib3.Retry(connect=0, read=0, redirect=2)
        with _translating_errors():
            response = urllib3.request("GET", link, timeout=self._timeout, retries=retries)
            if response.status not in (200, 404):
                raise StorageError(f"it answers {response.status}")
            return response.data if response.status == 200 else None

    def listed(self, prefix: str, kind: str) -> Iterator[dict[str, str]]:
        cursor: dict[str, str] = {}
        while True:
            with _translating_errors():
                page = api.resources(
                    type=kind, prefix=prefix, max_results=PAGE, **cursor, **self._calling
                )
                resources = list(page["resources"])
            yield from resources
            if not page.get("next_cursor"):
                return
            cursor = {"next_cursor": page["next_cursor"]}

    def delete(self, public_ids: Sequence[str], kind: str) -> None:
        for start in range(0, len(public_ids), HANDFUL):
            some = public_ids[start : start + HANDFUL]
            with _translating_errors():
                api.delete_resources(some, type=kind, invalidate=True, **self._calling)

    def address(self, public_id: str, kind: str, *, signed: bool, **transformation: Any) -> str:
        address, _options = utils.cloudinary_url(
            public_id, type=kind, sign_url=signed, **transformation, **self._delivering
        )
        return str(address)


def _host(account: CloudAccount) -> dict[str, Any]:
    scheme, _separator, host = account.delivery.partition("://")
    if scheme == "https":
        return {"secure": True, "secure_distribution": host, "private_cdn": account.private_cdn}
    return {"secure": False, "cname": host, "private_cdn": account.private_cdn}


@contextmanager
def _translating_errors() -> Iterator[None]:
    """The SDK raises all sorts of things, and so do responses of another shape than expected."""
    try:
        yield
    except Exception as error:
        raise StorageError(f"Cloudinary: {type(error).__name__}: {error}"[:300]) from None
