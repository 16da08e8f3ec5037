"""Whom a message in a group mentions: their keys. How the text names them is up to who writes; a
reply mentions whom it answers without naming them.
"""

from collections.abc import Container, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from chatsite import strict_json
from chatsite.wire import Key

MENTIONS = 50  # people in one message, at most

Mentions = Annotated[
    list[Key],
    Meta(
        max_length=MENTIONS,
        description="People of the group whom the text mentions.",
        extra_json_schema={"uniqueItems": True},
    ),
]

decoded_mentions = strict_json.reader(list[str])


def encoded_mentions(people: Sequence[str], members: Container[str]) -> str | None:
    """Without those who are not in the group: they would not see the message."""
    there = [key for key in people if key in members]
    return msgspec.json.encode(there).decode() if there else None
