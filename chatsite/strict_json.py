"""JSON from outside, read by one set of rules for bodies and frames.

Nothing else decodes what a client sent (ruff holds to that): bytes that are no UTF-8 are one more
way of being no JSON, and no reader may forget them.
"""

import json
from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

Shape = TypeVar("Shape")

PARTS = 50_000  # brackets, colons and commas; more of them would keep everybody else waiting


def loads(json_text: str | bytes) -> Any:
    """Raises ValueError for what is no JSON, nests too deep, or is made of too many parts."""
    text = json_text if isinstance(json_text, str) else json_text.decode()
    if sum(text.count(mark) for mark in "[{:,") > PARTS:
        raise ValueError("too many parts")
    try:
        return _decode(text)
    except RecursionError:
        raise ValueError("nested too deep") from None


def reader(shape: type[Shape]) -> Callable[[str | bytes], Shape | None]:
    """Reads what is exactly of this shape; None for everything else."""
    decode = msgspec.json.Decoder(shape).decode

    def read(json_text: str | bytes) -> Shape | None:
        try:
            return decode(json_text)
        except (ValueError, RecursionError):  # the errors of msgspec and of codecs among them
            return None

    return read


def _refuse(constant: str) -> None:
    raise ValueError(constant)  # NaN and Infinity, which JSON does not have


_decode = json.JSONDecoder(parse_constant=_refuse).decode
