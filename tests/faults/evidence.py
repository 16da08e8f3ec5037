"""What the database holds, read past the product."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg

MESSAGES = """
    SELECT m._id, m.seq, m.text, m.deleted, m.sender_id, m.client_message_id, c.key
    FROM messaging_message m JOIN messaging_conversation c ON c._id = m.conversation_id
    ORDER BY c.key, m.seq
"""
MARKS = """
    SELECT c.key, s.user_id, s.last_read_seq
    FROM messaging_membership s JOIN messaging_conversation c ON c._id = s.conversation_id
"""


@dataclass(frozen=True)
class Stored:
    key: str
    seq: int
    text: str
    deleted: bool  # as 0 or 1 on SQLite
    sender: str
    client_id: str
    conversation: str


@dataclass(frozen=True)
class Evidence:
    messages: list[Stored]
    marks: dict[tuple[str, str], int]  # conversation and reader → seq

    def conversation(self, a: str, b: str) -> list[Stored]:
        key = conversation_key(a, b)
        return [message for message in self.messages if message.conversation == key]

    def mark(self, reader: str, peer: str) -> int:
        return self.marks.get((conversation_key(reader, peer), reader), 0)


def conversation_key(a: str, b: str) -> str:
    low, high = sorted((a, b))
    return f"direct:{low}:{high}"


def read(database_url: str) -> Evidence:
    rows = [Stored(*row) for row in _rows(database_url, MESSAGES)]
    marks = {(key, user): seq for key, user, seq in _rows(database_url, MARKS)}
    return Evidence(rows, marks)


def _rows(database_url: str, query: str) -> list[tuple[Any, ...]]:
    if database_url.startswith("sqlite"):
        with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as file:
            return file.execute(query).fetchall()
    with psycopg.connect(database_url) as server:
        return server.execute(query.encode()).fetchall()
