"""Has files scanned by clamd, a virus scanner, over its socket, so that it needs nothing of ours.

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
CONNECT_TIMEOUT, SCAN_TIMEOUT = 5, 120  # seconds; clamd looks at a file for two minutes at most
PIECE = 2**18
MAX_RESPONSE = 1000  # at most


def check(file: BinaryIO) -> None:
    """Nothing happens without a scanner. Raises DomainError: 400 for what it finds something in,
    413 for more than it looks at, 503 while it is away.
    """
    if not settings.CLAMD_URL:
        return
    try:
        response = _scanned(file)
    except OSError as error:
        logger.error("the virus scanner did not answer: %s", error)
        raise _away() from None
    if response.endswith(" FOUND"):
        logger.warning("an upload was refused: %s", response)
        raise DomainError(_("A virus was found in this file."), code="virus")
    if "size limit exceeded" in response:
        logger.error("the virus scanner takes no file of this size: raise its StreamMaxLength")
        raise DomainError(_("The file is too large to be checked for viruses."), 413, code="size")
    if response != "stream: OK":
        logger.error("the virus scanner failed: %s", response)
        raise _away()


def _scanned(file: BinaryIO) -> str:
    with _connected() as connection:
        connection.settimeout(SCAN_TIMEOUT)
        # It responds, and reads no more, as soon as it has had enough.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(b"zINSTREAM\0")
            while piece := file.read(PIECE):
                connection.sendall(len(piece).to_bytes(4, "big") + piece)
            connection.sendall(bytes(4))
        response = b""
        while not response.endswith(b"\0") and len(response) < MAX_RESPONSE:
            piece = connection.recv(MAX_RESPONSE)
            if not piece:
                break
            response += piece
    return response.rstrip(b"\0").decode(errors="replace")


def _connected() -> socket.socket:
    where = urlsplit(settings.CLAMD_URL)
    if where.scheme == "tcp":
        return socket.create_connection((where.hostname, where.port or 3310), CONNECT_TIMEOUT)
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(CONNECT_TIMEOUT)
    try:
        connection.connect(where.path)
    except OSError:
        connection.close()
        raise
    return connection


def _away() -> DomainError:
    message = _("Files cannot be checked for viruses at the moment. Please try again later.")
    return DomainError(message, 503, code="scanner", wait=10)
