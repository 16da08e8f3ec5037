"""The report of an import, in its row and on the wire."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chatsite import strict_json
from chatsite.wire import Count, Key


class ImportedChat(msgspec.Struct, rename="camel"):
    id: Annotated[Key, Meta(description="Of the chat here, which is mine alone.")]
    name: str
    messages: Annotated[Count, Meta(description="That came now.")]
    known: Annotated[Count, Meta(description="That had come before.")]


class LeftOut(msgspec.Struct, rename="camel"):
    """What could not be taken, in words, and how often."""

    what: str
    count: Count


class KnownPerson(msgspec.Struct, rename="camel"):
    """Somebody of the history who is here by the same address."""

    id: Key
    full_name: str


class ImportReport(msgspec.Struct, rename="camel"):
    chats: list[ImportedChat] = []
    left_out: list[LeftOut] = []
    people: list[KnownPerson] = []


decoded_report = strict_json.reader(ImportReport)


def encoded_report(report: ImportReport) -> str:
    return msgspec.json.encode(report).decode()
