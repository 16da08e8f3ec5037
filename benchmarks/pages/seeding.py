"""Fills the database of a site whose pages are measured: run with the site's own environment.

Writes whom the browser acts as, and whom with: `[{"id": …, "token": …}]`. The first is in a
conversation with each of the others; `counts` says how many messages each of these has.
"""

import argparse
import json
import os
import random
from datetime import timedelta
from pathlib import Path

WORDS = ("tea", "train", "window", "letter", "yellow", "morning", "question", "weather", "Sunday")
MAX_WORDS = 60  # words in a message
PAUSE = 90  # seconds between two messages


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tokens", type=Path, help="the file to write")
    parser.add_argument("counts", type=int, nargs="+", help="messages, for each conversation")
    arguments = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "chatsite.settings"
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    arguments.tokens.write_text(json.dumps(_fill(arguments.counts)))


def _fill(counts: list[int]) -> list[dict[str, str]]:
    from accounts.models import Session, User
    from accounts.tokens import issue_token

    people = []
    for number in range(len(counts) + 1):
        user = User(email=f"person{number}@example.org", password="!")  # noqa: S106  opens nothing
        user.rename(f"Person {number}")
        people.append(user)
    User.objects.bulk_create(people)
    chance = random.Random(1)  # noqa: S311  nothing secret
    for count, peer in zip(counts, people[1:], strict=True):
        _write_history(people[0].pk, peer.pk, count, chance)
    sessions = [Session.objects.create(user=user) for user in people]
    return [{"id": session.user_id, "token": issue_token(session)} for session in sessions]


def _write_history(one: str, other: str, count: int, chance: random.Random) -> None:
    from chatsite.db import now
    from chatsite.keys import new_key
    from messaging.models import Conversation, Membership, Message, direct_key

    conversation = Conversation.objects.create(
        key=direct_key(one, other), last_seq=count, version=count
    )
    messages = [
        Message(
            conversation=conversation,
            sender_id=chance.choice((one, other)),
            seq=seq,
            version=seq,
            text=_text(seq, chance),
            client_message_id=new_key(),
            created_at=(sent := now() - timedelta(seconds=PAUSE * (count - seq + 1))),
            updated_at=sent,
        )
        for seq in range(1, count + 1)
    ]
    Message.objects.bulk_create(messages, batch_size=2000)
    Conversation.objects.filter(pk=conversation.pk).update(last_message=messages[-1])
    Membership.objects.bulk_create(
        Membership(conversation=conversation, user_id=user, last_read_seq=count)
        for user in (one, other)
    )


def _text(seq: int, chance: random.Random) -> str:
    """Mostly short, some long, as people write."""
    length = min(MAX_WORDS, 1 + int(chance.expovariate(1 / 9)))
    return f"{seq} {' '.join(chance.choices(WORDS, k=length))}"


if __name__ == "__main__":
    main()
