"""What the database holds, read past the product."""

import json
import sqlite3
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg

from tests.faults.person import Line, is_group

AWAY = (psycopg.Error, sqlite3.Error)
MESSAGES = """
    SELECT m._id, m.seq, m.text, m.deleted, m.sender_id, m.client_message_id, m.details, c.key
    FROM messaging_message m JOIN messaging_conversation c ON c._id = m.conversation_id
    ORDER BY c.key, m.seq
"""
FILES = """
    SELECT a.name, a.stored, a.message_id, m.client_message_id
    FROM messaging_attachment a JOIN messaging_message m ON m._id = a.message_id
"""
MARKS = """
    SELECT c.key, s.user_id, s.last_read_seq
    FROM messaging_membership s JOIN messaging_conversation c ON c._id = s.conversation_id
"""
# Of what can no longer be seen, anything that says what it said.
LEFT = """
    SELECT m._id FROM messaging_message m
        WHERE m.expires_at IS NOT NULL AND (m.text > '' OR NOT m.deleted)
    UNION ALL SELECT a._id FROM messaging_attachment a
        JOIN messaging_message m ON m._id = a.message_id WHERE m.expires_at IS NOT NULL
    UNION ALL SELECT b._id FROM messaging_searchblock b WHERE b.text LIKE '%{word}%'
"""
# By what names the stores have everything that belongs to somebody.
STORED = """
    SELECT stored FROM messaging_attachment UNION SELECT stored FROM messaging_export
    UNION SELECT stored FROM messaging_import
"""
SHOWING_HISTORY = "SELECT key FROM messaging_conversation WHERE shows_history"


@dataclass(frozen=True)
class Stored:
    key: str
    seq: int
    text: str
    deleted: bool  # as 0 or 1 on SQLite
    sender: str
    client_id: str
    details: str  # of a system message: what it tells, as JSON
    conversation: str

    @property
    def was_scheduled(self) -> bool:
        return self.client_id.startswith("scheduled:")

    @property
    def was_imported(self) -> bool:
        return self.client_id.startswith("import-")

    @property
    def line(self) -> Line:
        text = None if self.deleted or self.details else self.text
        return self.seq, self.key, text, bool(self.deleted)


@dataclass(frozen=True)
class StoredFile:
    name: str
    stored: str  # by what name the store has it
    message: str
    client_id: str  # of that message

    @property
    def was_imported(self) -> bool:
        return self.client_id.startswith("import-")


@dataclass(frozen=True)
class Seen:
    """What somebody may see of a conversation."""

    told: list[Stored]  # while they were in it
    earlier: list[Stored]  # was there before, in a group that shows that to newcomers

    @property
    def visible(self) -> list[Stored]:
        return sorted({*self.told, *self.earlier}, key=lambda message: message.seq)


@dataclass(frozen=True)
class Evidence:
    messages: list[Stored]
    marks: dict[tuple[str, str], int]  # conversation and reader → seq
    showing_history: set[str]  # groups that do
    files: list[StoredFile]

    def mark(self, reader: str, peer: str) -> int:
        return self.marks.get((conversation_key(reader, peer), reader), 0)

    def seen(self, person: str, peer: str) -> Seen:
        """Who was in a group when is read from its system messages. The product goes by the
        memberships instead.
        """
        key = conversation_key(person, peer)
        messages = [message for message in self.messages if message.conversation == key]
        if not is_group(peer):
            return Seen(messages, [])
        told: list[Stored] = []
        earlier: list[Stored] = []
        is_in = False
        for index, message in enumerate(messages):
            came, went = _changes(message)
            if person in came:
                is_in = True
                earlier = messages[:index] if key in self.showing_history else earlier
            if is_in:
                told.append(message)
            if person in went:
                is_in = False
        return Seen(told, earlier)

    @property
    def changes_of_members(self) -> int:
        return sum(len(people) for message in self.messages for people in _changes(message))


def _changes(message: Stored) -> tuple[set[str], set[str]]:
    """Who comes with this message, and who goes after it."""
    if not message.details:
        return set(), set()
    details = json.loads(message.details)
    by, people = details["by"]["_id"], {person["_id"] for person in details.get("people", [])}
    match details["event"]:
        case "created":
            return {by, *people}, set()
        case "added":
            return people, set()
        case "removed":
            return set(), people
        case "left":
            return set(), {by}
    return set(), set()


def conversation_key(person: str, peer: str) -> str:
    if is_group(peer):
        return f"group:{peer}"
    low, high = sorted((person, peer))
    return f"direct:{low}:{high}"


def read(database_url: str) -> Evidence:
    return Evidence(
        messages=[Stored(*row) for row in rows(database_url, MESSAGES)],
        marks={(key, user): seq for key, user, seq in rows(database_url, MARKS)},
        showing_history={key for (key,) in rows(database_url, SHOWING_HISTORY)},
        files=[StoredFile(*row) for row in rows(database_url, FILES)],
    )


def change(database_url: str, statement: str) -> None:
    if database_url.startswith("sqlite"):
        path = database_url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path, timeout=60)) as file, file:
            file.execute(statement)
        return
    with psycopg.connect(database_url) as server:
        server.execute(statement.encode())


def rows(database_url: str, query: str) -> list[tuple[Any, ...]]:
    if database_url.startswith("sqlite"):
        with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as file:
            return file.execute(query).fetchall()
    with psycopg.connect(database_url) as server:
        return server.execute(query.encode()).fetchall()


def jobs_left(database_url: str, kinds: Collection[str]) -> list[tuple[str, str]]:
    """Kind and error of those that are not done."""
    jobs = rows(database_url, "SELECT kind, error FROM scheduler_job ORDER BY kind")
    return [(kind, error) for kind, error in jobs if kind in kinds]
