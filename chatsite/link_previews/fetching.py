"""Our end of a process that fetches a web page (`fetcher.py`)."""

import json
import logging
import os
from dataclasses import dataclass

import msgspec
from django.conf import settings

from chatsite import VERSION, sandbox, strict_json
from chatsite.link_previews.fetcher import MAX_BYTES, SECONDS
from chatsite.text import one_line

logger = logging.getLogger(__name__)
PATIENCE = 3  # seconds, for the process to begin and to answer, beside those in which it fetches
TITLE, DESCRIPTION = 200, 300  # characters
# Where it finds the certificates that are trusted, if not where all do.
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a page says of itself, a line of plain text each, and bytes that may be a picture."""

    title: str
    description: str
    picture: bytes


class _Result(msgspec.Struct):
    title: str
    description: str


_read = strict_json.reader(_Result)


def fetch(url: str) -> Fetched | None:
    """None where there is no such page, or none that has a title. Takes seconds."""
    agent = f"Chatsite/{VERSION} (link previews; +{settings.PUBLIC_URL})"
    trusted = list(settings.LINK_PREVIEW_TRUSTED_HOSTS)
    job = {"url": url, "agent": agent, "trusted": trusted, "seconds": SECONDS}
    certificates = {name: os.environ[name] for name in CERTIFICATES if name in os.environ}
    process, pipe = sandbox.start("chatsite.link_previews.fetcher", env=certificates)
    try:
        with sandbox.killed_after(process, SECONDS + PATIENCE):
            pipe.send_bytes(json.dumps(job).encode())
            result = _read(pipe.recv_bytes(16 * MAX_BYTES))
            picture = pipe.recv_bytes(MAX_BYTES)
    except (OSError, EOFError):  # it was killed, or sent nonsense
        return None
    finally:
        pipe.close()
        process.kill()
        process.wait()
    # It may be in a stranger's hands, so its result is checked and cut.
    title = _cut(result.title, TITLE) if result else ""
    if result is None or not title:
        return None
    return Fetched(title, _cut(result.description, DESCRIPTION), picture)


def _cut(text: str, most: int) -> str:
    words = one_line(text)
    return words if len(words) <= most else f"{words[: most - 1].rstrip()}…"
