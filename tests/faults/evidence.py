"""What the database holds, read past the product."""

import json
import sqlite3
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg

from tests.faults.person import Line, is_group

MESSAGES = """
    SELECT m._id, m.seq, m.text, m.deleted, m.sender_id, m.client_message_id, m.details, c.key
    FROM messaging_message m JOIN messaging_conversation c ON c._id = m.conversation_id
    ORDER BY c.key, m.seq
"""
FILES = """
    SELECT name, stored, message_id FROM messaging_attachment WHERE message_id IS NOT NULL
"""
MARKS = """
    SELECT c.key, s.user_id, s.last_read_seq
    FROM messaging_membership s JOIN messaging_conversation c ON c._id = s.conversation_id
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
    def line(self) -> Line:
        text = None if self.deleted or self.details else self.text
        return self.seq, self.key, text, bool(self.deleted)


@dataclass(frozen=True)
class StoredFile:
    name: str
    stored: str  # by what name the store has it
    message: str


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
        messages=[Stored(*row) for row in _rows(database_url, MESSAGES)],
        marks={(key, user): seq for key, user, seq in _rows(database_url, MARKS)},
        showing_history={key for (key,) in _rows(database_url, SHOWING_HISTORY)},
        files=[StoredFile(*row) for row in _rows(database_url, FILES)],
    )


def jobs_left(database_url: str, kinds: Collection[str]) -> list[tuple[str, str]]:
    """Kind and error of those that are not done."""
    rows = _rows(database_url, "SELECT kind, error FROM scheduler_job ORDER BY kind")
    return [(kind, error) for kind, error in rows if kind in kinds]


def _rows(database_url: str, query: str) -> list[tuple[Any, ...]]:
    if database_url.startswith("sqlite"):
        with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as file:
            return file.execute(query).fetchall()
    with psycopg.connect(database_url) as server:
        return server.execute(query.encode()).fetchall()
