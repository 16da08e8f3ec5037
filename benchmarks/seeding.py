"""Fills the database of a site under test: run with the site's own environment.

Writes whom the generator may act as: `[{"id": …, "token": …}]`. The first two have a history.
"""

import argparse
import json
import os
from pathlib import Path

HISTORY = 50  # messages


def main() -> None:
    arguments = _arguments()
    os.environ["DJANGO_SETTINGS_MODULE"] = "chatsite.settings"
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    if arguments.people:
        people = small(arguments.people)
    else:
        people = large(arguments.messages, arguments.conversations)
    arguments.tokens.write_text(json.dumps(people))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tokens", type=Path, help="the file to write")
    parser.add_argument("--people", type=int, default=0, help="or else a large site:")
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--conversations", type=int, default=10_000)
    return parser.parse_args()


def small(count: int) -> list[dict[str, str]]:
    from accounts.models import Session, User
    from accounts.tokens import issue_token

    people = []
    for number in range(count):
        user = User(email=f"person{number}@example.org", password="!")  # noqa: S106  opens nothing
        user.rename(f"Person {number}")
        people.append(user)
    User.objects.bulk_create(people, batch_size=5000)
    sessions = [Session(user=user) for user in people]
    Session.objects.bulk_create(sessions, batch_size=5000)
    _write_history(people[0].pk, people[1].pk)
    return [{"id": session.user_id, "token": issue_token(session)} for session in sessions]


def _write_history(one: str, other: str) -> None:
    from chatsite.keys import new_key
    from messaging.models import Conversation, Membership, Message, direct_key

    conversation = Conversation.objects.create(
        key=direct_key(one, other), last_seq=HISTORY, version=HISTORY
    )
    messages = [
        Message(
            conversation=conversation,
            sender_id=(one, other)[seq % 2],
            seq=seq,
            version=seq,
            text=f"history message number {seq} with some text in it",
            client_message_id=new_key(),
        )
        for seq in range(1, HISTORY + 1)
    ]
    Message.objects.bulk_create(messages)
    Conversation.objects.filter(pk=conversation.pk).update(last_message=messages[-1])
    Membership.objects.bulk_create(
        Membership(conversation=conversation, user_id=user, last_read_seq=HISTORY)
        for user in (one, other)
    )


def large(messages: int, conversations: int) -> list[dict[str, str]]:
    from accounts.tokens import issue_token
    from benchmarks.filling import fill

    filled = fill(conversations=conversations, messages=messages)
    return [{"id": filled.busy.pk, "token": issue_token(filled.session)}]


if __name__ == "__main__":
    main()
