"""Primary keys: 24 hex characters, shaped like an ObjectId but ordered by time across workers.

4 bytes seconds, 2 bytes fraction of the second, 3 bytes of this process, 3 bytes counter. The same
string in every database and on the wire.
"""

import itertools
import os
import re
import secrets
import threading
import time
from datetime import UTC, datetime
from typing import Any, TypeGuard

from django.db import models

_KEY = re.compile(r"[0-9a-f]{24}")
_SIX_BYTES = 0xFFFF_FFFF_FFFF

_lock = threading.Lock()
_last_tick = 0
_counter = itertools.count(secrets.randbits(23))
_process = secrets.token_hex(3)


def new_key() -> str:
    """A key that is unique, and greater than every earlier one of this process, even when the clock
    steps back.
    """
    global _last_tick
    with _lock:
        _last_tick = max(_last_tick, time.time_ns() * 65536 // 1_000_000_000)
        tick, count = _last_tick, next(_counter) & 0xFF_FFFF
        if count == 0xFF_FFFF:
            _last_tick += 1  # the counter wraps: a new tick keeps the order
    return f"{tick & _SIX_BYTES:012x}{_process}{count:06x}"


def key_at(moment: datetime) -> str:
    """A new key that sorts as one made at `moment` would."""
    tick = int(moment.timestamp() * 65536)
    return f"{tick & _SIX_BYTES:012x}{new_key()[12:]}"


def made_at(key: str) -> datetime:
    """When a key was made, and so what it is of."""
    return datetime.fromtimestamp(int(key[:12], 16) / 65536, UTC)


def is_key(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and _KEY.fullmatch(value) is not None


def _renew_process() -> None:
    """A forked worker must not share its parent's part of the key."""
    global _process
    _process = secrets.token_hex(3)


os.register_at_fork(after_in_child=_renew_process)


class HexIdField(models.CharField):
    """The primary key of every own model."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("default", new_key)
        kwargs.setdefault("max_length", 24)
        kwargs.setdefault("editable", False)
        super().__init__(**kwargs)
