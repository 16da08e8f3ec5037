"""What people let others see of them, as it is stored and on the wire."""

from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

from chatsite import strict_json

Audience = Literal["everybody", "contacts", "nobody"]
AUDIENCES: tuple[Audience, ...] = get_args(Audience)
Who = Annotated[
    str,
    Meta(
        description="`contacts`: whom I have written to in a direct chat.",
        extra_json_schema={"enum": list(AUDIENCES)},
    ),
]


class Privacy(msgspec.Struct, rename="camel", frozen=True):
    """Who sees it of me. What I do not show somebody, I do not see of them either."""

    read_receipts: Who = "everybody"
    typing: Who = "everybody"
    online: Who = "everybody"
    last_seen: Who = "everybody"


OPEN = Privacy()
PrivacyKind = Literal["read_receipts", "typing", "online", "last_seen"]
KINDS: tuple[PrivacyKind, ...] = get_args(PrivacyKind)
_read = strict_json.reader(Privacy)
_encode = msgspec.json.Encoder().encode


def decoded(text: str) -> Privacy:
    return (_read(text) if text else None) or OPEN


def encoded(privacy: Privacy) -> str:
    """Nothing for those who show everything, as most do."""
    return "" if privacy == OPEN else _encode(privacy).decode()
