"""Attachments: how large they may be, where they are kept, and who scans them."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from chatsite.conf.variables import between, chosen, positive, text, url

MAX_SIZE = 2**50
_CLAMD = re.compile(r"unix:///.+|tcp://([\w.-]+|\[[\da-f:]+\])(:\d{1,5})?")
OPTIONS = {"region": "us-east-1", "style": "path"}  # of S3_URL, with what they are without


@dataclass(frozen=True, slots=True)
class Attachments:
    """Sizes are in bytes."""

    max_bytes: int
    quota: int  # of one person
    site_quota: int | None  # None: as long as there is room
    import_max_bytes: int
    deleted_days: int  # that those of deleted messages are kept
    store: str  # where new ones go
    clamd_url: str  # of the virus scanner
    objects: dict[str, Any] | None = field(repr=False)  # of django-storages


def read() -> Attachments:
    return Attachments(
        max_bytes=positive("ATTACHMENT_MAX_BYTES", 100 * 2**20, MAX_SIZE),
        quota=positive("ATTACHMENT_QUOTA", 2 * 2**30, MAX_SIZE),
        site_quota=(
            between(0, MAX_SIZE, "ATTACHMENT_SITE_QUOTA", 0)
            if text("ATTACHMENT_SITE_QUOTA")
            else None
        ),
        import_max_bytes=positive("IMPORT_MAX_BYTES", 2 * 2**30, MAX_SIZE),
        deleted_days=between(0, 36_500, "ATTACHMENT_DELETED_DAYS", 30),
        store=_store(),
        clamd_url=_clamd_url(),
        objects=objects_at("S3_URL", text("S3_URL")),
    )


def _store() -> str:
    store = chosen("ATTACHMENT_STORE", ("local", "s3"), "s3" if text("S3_URL") else "local")
    if store == "s3" and not text("S3_URL"):
        raise ImproperlyConfigured("ATTACHMENT_STORE=s3 needs S3_URL.")
    return store


def _clamd_url() -> str:
    example = "unix:///run/clamav/clamd.ctl or tcp://127.0.0.1:3310"
    address = url("CLAMD_URL", ("unix", "tcp"), example)
    if address and not _CLAMD.fullmatch(address):
        raise ImproperlyConfigured(f"CLAMD_URL must look like {example}.")
    return address


def objects_at(name: str, address: str) -> dict[str, Any] | None:
    """The address of a server that speaks S3, with the key, its secret, the bucket, and a folder in
    it; `name` is the variable that has it.
    """
    if not address:
        return None
    parts = urlsplit(address)
    given = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    bucket, _slash, folder = parts.path.strip("/").partition("/")
    is_known = parts.scheme in ("https", "http") and not given.keys() - OPTIONS.keys()
    if not (parts.hostname and bucket and is_known):
        raise ImproperlyConfigured(
            f"{name} must look like https://key:secret@s3.example.org/bucket?region=eu-central-1."
        )
    options = OPTIONS | given
    from botocore.config import Config  # which takes memory

    return {
        "endpoint_url": f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}",
        # Without them boto3 looks where it does elsewhere: its variables, the role of the machine.
        "access_key": unquote(parts.username) if parts.username else None,
        "secret_key": unquote(parts.password) if parts.password else None,
        "bucket_name": bucket,
        "location": folder,
        "region_name": options["region"],
        "client_config": Config(
            s3={"addressing_style": options["style"]},
            connect_timeout=3,
            read_timeout=20,
            retries={"mode": "standard", "max_attempts": 2},
            max_pool_connections=64,
            # Servers of other makers do not know Amazon's newer checksums.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    }
