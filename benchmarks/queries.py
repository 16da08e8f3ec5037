"""Writes docs/queries.md: how PostgreSQL finds what the hot path asks for, on a large site.

The queries are those that the product itself makes: each read and write is called, and what it
asks the database is explained there.
"""

import argparse
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import Any

from tests.environment import ROOT, hermetic
from tests.services import postgres

PAGE = ROOT / "docs" / "queries.md"
BATCH_SIZE = 16  # messages
TRIES = 5  # of each query: what else the machine does makes it slower, never quicker
WIDTH, HEIGHT = 160, 24  # characters and lines of a plan that are shown
INTRODUCTION = """# How the database finds things

Every query of the hot path, as the product makes it, explained by PostgreSQL {version}
on {messages:,} messages in {conversations:,} conversations of {people:,} people. The busiest is in
{chats:,} of them, far more than anybody really is: for their lists, a table of a few thousand rows
may well be read whole; the messages never are. Inserts find nothing and are left out. What a
process that serves knows (`chatsite/live/cached.py`: rules of the site, who is silenced, devices)
is asked for each time here. Made by
`python -m benchmarks.queries`. The times are the least of {tries} runs on one machine; the plans
are what matters.

| what | queries | of it, ms |
|---|---|---|
"""


@dataclass(frozen=True)
class Explained:
    sql: str
    plan: str
    milliseconds: float


def main() -> None:
    arguments = _arguments()
    with postgres() as server:
        os.environ.update(hermetic(DATABASE_URL=server.url))
        os.environ["DJANGO_SETTINGS_MODULE"] = "chatsite.settings"
        import django

        django.setup()
        text, scanned = _measured(arguments.messages, arguments.conversations)
    arguments.page.write_text(text)
    sys.stdout.write(f"{arguments.page}\n")
    if scanned:
        sys.exit(f"All messages are read by: {', '.join(scanned)}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--conversations", type=int, default=10_000)
    parser.add_argument("--page", type=Path, default=PAGE, help="the file to write")
    return parser.parse_args()


def _measured(messages: int, conversations: int) -> tuple[str, list[str]]:
    from django.core.management import call_command
    from django.db import connection

    from accounts.models import User
    from benchmarks.filling import BUSY_CHATS, fill, index_messages

    call_command("migrate", verbosity=0)
    began = time.monotonic()
    filled = fill(conversations=conversations, messages=messages)
    index_messages()
    sys.stderr.write(f"filled in {time.monotonic() - began:.0f} s\n")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("SHOW server_version")
        version = cursor.fetchone()[0].split()[0]
    explained = {name: _explain(work) for name, work in _hot_path(filled).items()}
    introduction = INTRODUCTION.format(
        version=version,
        messages=messages,
        conversations=conversations,
        people=User.objects.count(),
        chats=BUSY_CHATS,
        tries=TRIES,
    )
    return introduction + _rows(explained) + _sections(explained), _scanned(explained)


def _hot_path(filled: Any) -> dict[str, Callable[[], object]]:
    from accounts import tokens
    from messaging.queries import sync
    from messaging.queries.chats import chats_of
    from messaging.queries.history import history
    from messaging.queries.members import read_marks
    from messaging.queries.people import contacts_page
    from messaging.queries.search import SearchCriteria, search
    from messaging.queries.shared import shared_page
    from messaging.queries.visibility import find_message
    from messaging.services.conversations import mark_read
    from messaging.services.edits import edit_message
    from messaging.services.groups import create_group
    from messaging.services.messages import delete_message, send_message
    from messaging.services.reactions import react

    me, peer, other = filled.busy, filled.peer, filled.ordinary
    token = tokens.issue_token(filled.session)
    claims = tokens.read_claims(token)
    peers = [str(chat.peer.id) for chat in chats_of(me)[:BATCH_SIZE]]
    newest = history(me, peer.pk, before=None, limit=1)[-1]
    cursors = {each: sync.sync_cursor(each) for each in (other, me)}
    send_message(sender=other, peer=str(chats_of(other)[0].peer.id), text="Hello")
    sent = send_message(sender=me, peer=peer.pk, text="Hello", client_message_id="before")
    group = create_group(user=me, title="Everybody I know", people=peers).group.pk
    return {
        "Who is asking": lambda: tokens.read_session(token),
        "Send": lambda: send_message(
            sender=me, peer=peer.pk, text="Hello", client_message_id="once"
        ),
        "Sends at once": lambda: _send_batch(claims, peers),
        "Send again, the same": lambda: send_message(
            sender=me, peer=peer.pk, text="Hello", client_message_id="once"
        ),
        "Send to a group": lambda: send_message(sender=me, peer=group, text="Hello"),
        "React": lambda: react(user=peer, message_id=sent.record.id, emoji="👍"),
        "Edit": lambda: edit_message(user=me, message_id=sent.record.id, text="Hello!"),
        "Mark as read": lambda: mark_read(user=peer, peer=me.pk, seq=newest.seq),
        "Delete": lambda: delete_message(user=me, message_id=sent.record.id),
        "History, newest page": lambda: history(me, peer.pk, before=None, limit=50),
        "History, an older page": lambda: history(me, peer.pk, before=newest.seq - 20, limit=50),
        "History, as a page shows it": lambda: history(
            me, peer.pk, before=None, limit=50, include_deleted=True
        ),
        "Read marks": lambda: read_marks(me, peer.pk),
        "A message by its key": lambda: find_message(me, newest.id),
        "The chat list": lambda: chats_of(other),
        "The chat list of the busiest": lambda: chats_of(me),
        "Sync": lambda: sync.changes_since(other, cursors[other]),
        "Sync of the busiest": lambda: sync.changes_since(me, cursors[me]),
        "Contacts, a page": lambda: contacts_page(me, limit=50),
        "Search": lambda: search(other, SearchCriteria(words="message"), limit=20),
        "Search in vain, of the busiest": lambda: search(
            me, SearchCriteria(words="nowhere"), limit=20
        ),
        "Search in a chat": lambda: search(
            me, SearchCriteria(words="message", chat=peer.pk), limit=20
        ),
        "Shared pictures": lambda: shared_page(
            me, sent.record.conversation_id, kind="pictures", limit=50
        ),
    }


def _send_batch(claims: Any, peers: list[str]) -> None:
    """One message to each."""
    from chatsite.db import joined
    from messaging.services.batches import SendWrite
    from messaging.services.drafts import new_draft

    sendings = [
        SendWrite(
            draft=new_draft(
                sender_id=claims.user_id, receiver_id=peer, text="Hi", client_message_id=peer
            ),
            respond=lambda sent: sent,
            limits=(),
            claims=claims,
        )
        for peer in peers
    ]
    SendWrite.admit(sendings)
    with joined():
        SendWrite.do_all(sendings)


def _explain(work: Callable[[], object]) -> list[Explained]:
    with _recorded() as queries:
        work()
    return [min((_explained(*query) for _ in range(TRIES)), key=_time) for query in queries]


def _explained(sql: str, params: Any) -> Explained:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute(f"EXPLAIN (ANALYZE, COSTS OFF) {sql}", params)
        plan = "\n".join(line for (line,) in cursor.fetchall())
        cursor.execute("ROLLBACK")
    (taken,) = re.findall(r"Execution Time: ([\d.]+) ms", plan)
    return Explained(sql, plan, float(taken))


_time = attrgetter("milliseconds")


@contextmanager
def _recorded() -> Iterator[list[tuple[str, Any]]]:
    from django.db import connection

    queries: list[tuple[str, Any]] = []

    def measure(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(("SELECT", "UPDATE")):
            queries.append((sql, params[0] if many else params))
        return execute(sql, params, many, context)

    connection.force_debug_cursor = True  # else prepared statements go past Django's cursor
    try:
        with connection.execute_wrapper(measure):
            yield queries
    finally:
        connection.force_debug_cursor = False


def _rows(explained: dict[str, list[Explained]]) -> str:
    return "".join(
        f"| [{name}](#{_anchor(name)}) | {len(queries)} "
        f"| {sum(query.milliseconds for query in queries):.2f} |\n"
        for name, queries in explained.items()
    )


def _anchor(name: str) -> str:
    return re.sub(r"[^a-z-]", "", name.lower().replace(" ", "-"))


def _sections(explained: dict[str, list[Explained]]) -> str:
    parts = []
    for name, queries in explained.items():
        parts.append(f"\n## {name}\n")
        alike: dict[str, list[Explained]] = {}
        for query in queries:
            alike.setdefault(_short(query.sql), []).append(query)
        for sql, some in alike.items():
            often = f"\nAsked {len(some)} times; the slowest:\n" if len(some) > 1 else ""
            plan = _cut(max(some, key=_time).plan)
            parts.append(f"{often}\n```sql\n{sql}\n```\n\n```\n{plan}\n```\n")
    return "".join(parts)


def _short(sql: str) -> str:
    """Without the list of columns, and with a long list of conditions cut."""
    text = re.sub(r"^SELECT .*? FROM", "SELECT … FROM", sql).replace('"', "")
    text = re.sub(r"(%s, ){5,}", "%s, …, ", text)
    return text if len(text) < 600 else f"{text[:500]} …"


def _cut(plan: str) -> str:
    lines = [f"{line[:WIDTH]} …" if len(line) > WIDTH else line for line in plan.splitlines()]
    if len(lines) > HEIGHT:
        lines[HEIGHT - 2 : -2] = [f"… {len(lines) - HEIGHT} lines more …"]
    return "\n".join(lines)


def _scanned(explained: dict[str, list[Explained]]) -> list[str]:
    """Where all messages were read, which nothing may do."""
    return [
        name
        for name, queries in explained.items()
        if any("Seq Scan on messaging_message" in query.plan for query in queries)
    ]


if __name__ == "__main__":
    main()
