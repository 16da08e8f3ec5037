"""Our end of a process that fetches a web page (`fetcher.py`)."""

import json
import logging
import os
from dataclasses import dataclass

import msgspec
from django.conf import settings

from chatsite import VERSION, sandbox, strict_json
from chatsite.link_previews.fetcher import MOST, SECONDS
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


class _Answer(msgspec.Struct):
    title: str
    description: str


_read = strict_json.reader(_Answer)


def fetch(url: str) -> Fetched | None:
    """None where there is no such page, or none that has a title. Takes seconds."""
    agent = f"Chatsite/{VERSION} (link previews; +{settings.PUBLIC_URL})"
    trusted = list(settings.LINK_PREVIEW_TRUSTED_HOSTS)
    job = {"url": url, "agent": agent, "trusted": trusted, "seconds": SECONDS}
    certificates = {name: os.environ[name] for name in CERTIFICATES if name in os.environ}
    process, line = sandbox.start("chatsite.link_previews.fetcher", env=certificates)
    try:
        with sandbox.killed_after(process, SECONDS + PATIENCE):
            line.send_bytes(json.dumps(job).encode())
            answer = _read(line.recv_bytes(16 * MOST))
            picture = line.recv_bytes(MOST)
    except (OSError, EOFError):  # it was killed, or says what it should not
        return None
    finally:
        line.close()
        process.kill()
        process.wait()
    # It may be in a stranger's hands: what it says is held to what it may say.
    title = _cut(answer.title, TITLE) if answer else ""
    if answer is None or not title:
        return None
    return Fetched(title, _cut(answer.description, DESCRIPTION), picture)


def _cut(text: str, most: int) -> str:
    words = one_line(text)
    return words if len(words) <= most else f"{words[: most - 1].rstrip()}…"
