"""The site's end of a process that decodes pictures (`decoder.py`)."""

import atexit
import json
import logging
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from multiprocessing.connection import Connection

from django.conf import settings

from chatsite import disconnect, sandbox
from chatsite.pictures.decoder import DecodeLimits, Picture, PictureRefused

logger = logging.getLogger(__name__)
# What is unpacked takes four bytes a pixel, and is often there twice; the rest is the program.
MEMORY, MEMORY_OF_PIXEL = 512 * 2**20, 16
MAX_SCANS = 32  # encoders write 10, or 18 for print colours
MAX_RESULT = 32 * 2**20  # bytes of one picture that was made
PATIENCE = 2  # seconds on the clock for each of processor time: the site comes first


class DecoderFailed(Exception):
    """Not the picture's fault: the client went away, or the machine had no time or memory."""


class Decoder:
    """A process for one picture at a time. It starts with the first one; when one goes over its
    limits, the process is killed, and the next picture starts another.

    It inherits neither files nor the environment, and ends with this process, however that ends.
    """

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self._pipe: Connection
        atexit.register(self.close)

    def make(self, kind: str, data: bytes) -> list[Picture]:
        """Raises PictureRefused, DecoderFailed."""
        limits = DecodeLimits(
            pixels=settings.IMAGE_MAX_PIXELS,
            frames=settings.IMAGE_MAX_FRAMES,
            scans=MAX_SCANS,
            seconds=settings.IMAGE_MAX_SECONDS,
        )
        job = json.dumps({"kind": kind, "limits": asdict(limits)}).encode()
        try:
            with _killed_in_time(self._running()):
                self._pipe.send_bytes(job)
                self._pipe.send_bytes(data)
                result = json.loads(self._pipe.recv_bytes(MAX_RESULT))
                pictures = [
                    Picture(self._pipe.recv_bytes(MAX_RESULT), width, height, moving)
                    for width, height, moving in result["pictures"]
                ]
        except Exception:  # it ended, or sent nonsense: it may be in a stranger's hands
            raise self._failure() from None
        if result["refusal"]:
            raise PictureRefused(result["refusal"])
        return pictures

    def _running(self) -> subprocess.Popen[bytes]:
        if self.process and self.process.poll() is None:
            return self.process
        self.close()
        memory = MEMORY + MEMORY_OF_PIXEL * settings.IMAGE_MAX_PIXELS
        self.process, self._pipe = sandbox.start("chatsite.pictures.decoder", str(memory))
        return self.process

    def _failure(self) -> Exception:
        process = self.process
        self.close()
        code = process.returncode if process else None
        if code == -signal.SIGXCPU:
            return PictureRefused("costly")
        if code == -signal.SIGKILL:  # by us, or by a machine without memory
            return DecoderFailed()
        logger.warning("the process that decodes pictures ended with %s", code)
        # A signal is a crash, over this picture; anything else is the program's own fault.
        return PictureRefused("unreadable") if code is not None and code < 0 else DecoderFailed()

    def close(self) -> None:
        if self.process:
            self._pipe.close()
            self.process.kill()
            self.process.wait()
            self.process = None


@contextmanager
def _killed_in_time(process: subprocess.Popen[bytes]) -> Iterator[None]:
    seconds = PATIENCE * settings.IMAGE_MAX_SECONDS
    with sandbox.killed_after(process, seconds), disconnect.current().on_disconnect(process.kill):
        yield
