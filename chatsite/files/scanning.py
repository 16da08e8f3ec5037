"""Asks a virus scanner, clamd, about files: over its socket, so that it needs nothing of ours.

The client on PyPI is of 2014, and the protocol is these few lines (`man clamd`, INSTREAM).
"""

import logging
import socket
from contextlib import suppress
from typing import BinaryIO
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from chatsite.errors import DomainError

logger = logging.getLogger(__name__)
CONNECTING, ANSWERING = 5, 120  # seconds; clamd looks at a file for two minutes at most
PIECE = 2**18
ANSWER = 1000  # bytes, at most


def check(file: BinaryIO) -> None:
    """Nothing happens without a scanner. Raises DomainError: 400 for what it finds something in,
    413 for more than it looks at, 503 while it is away.
    """
    if not settings.CLAMD_URL:
        return
    try:
        answer = _asked(file)
    except OSError as error:
        logger.error("the virus scanner did not answer: %s", error)
        raise _away() from None
    if answer.endswith(" FOUND"):
        logger.warning("an upload was refused: %s", answer)
        raise DomainError(_("A virus was found in this file."), code="virus")
    if "size limit exceeded" in answer:
        logger.error("the virus scanner takes no file of this size: raise its StreamMaxLength")
        raise DomainError(_("The file is too large to be checked for viruses."), 413, code="size")
    if answer != "stream: OK":
        logger.error("the virus scanner failed: %s", answer)
        raise _away()


def _asked(file: BinaryIO) -> str:
    with _connected() as line:
        line.settimeout(ANSWERING)
        # It answers, and hears no more, as soon as it has had enough.
        with suppress(BrokenPipeError, ConnectionResetError):
            line.sendall(b"zINSTREAM\0")
            while piece := file.read(PIECE):
                line.sendall(len(piece).to_bytes(4, "big") + piece)
            line.sendall(bytes(4))
        answer = b""
        while not answer.endswith(b"\0") and len(answer) < ANSWER and (more := line.recv(ANSWER)):
            answer += more
    return answer.rstrip(b"\0").decode(errors="replace")


def _connected() -> socket.socket:
    where = urlsplit(settings.CLAMD_URL)
    if where.scheme == "tcp":
        return socket.create_connection((where.hostname, where.port or 3310), CONNECTING)
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(CONNECTING)
    try:
        line.connect(where.path)
    except OSError:
        line.close()
        raise
    return line


def _away() -> DomainError:
    message = _("Files cannot be checked for viruses at the moment. Please try again later.")
    return DomainError(message, 503, code="scanner", wait=10)
