"""JSON from outside, read by one set of rules for bodies and frames."""

import json
from typing import Any

PARTS = 50_000  # brackets, colons and commas; more of them would keep everybody else waiting


def loads(text: str) -> Any:
    """Raises ValueError for what is no JSON, nests too deep, or is made of too many parts."""
    if sum(text.count(mark) for mark in "[{:,") > PARTS:
        raise ValueError("too many parts")
    try:
        return _decode(text)
    except RecursionError:
        raise ValueError("nested too deep") from None


def _refuse(constant: str) -> None:
    raise ValueError(constant)  # NaN and Infinity, which JSON does not have


_decode = json.JSONDecoder(parse_constant=_refuse).decode
