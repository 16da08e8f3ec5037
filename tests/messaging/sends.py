"""Messages that are handed to a database thread at once, and what became of them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from accounts.models import User
from accounts.tokens import Claims
from chatsite.fastpath.bulk import Bulk
from chatsite.fastpath.database_calls import DatabaseCall
from chatsite.fastpath.group_commit import run_together
from chatsite.security.request_limits import SENDS, Limit
from messaging.models import Membership, Message, direct_key
from messaging.services.batches import SendWrite
from messaging.services.drafts import Draft, new_draft
from messaging.services.messages import Sent, send_alone
from tests.factories import make_message, make_user
from tests.recording import Events

TEXTS = [
    "Hi",
    "שלום 👋🏽",
    "100 %s %% ?",
    "'; DROP TABLE messaging_message; --",
    "\u202eabc",
    "a\n\tb",
]


FailsOnce = Callable[..., None]


@dataclass(slots=True)
class Sender:
    """Makes calls, and knows the texts of those that were done by themselves."""

    loop: asyncio.AbstractEventLoop
    alone: list[str] = field(default_factory=list)

    def __call__(
        self,
        sender: User,
        peer: User,
        text: str = "Hi",
        client_message_id: str = "",
        *,
        limits: tuple[Limit, ...] = (SENDS,),
        claims: Claims | None = None,
    ) -> DatabaseCall:
        draft = new_draft(
            sender_id=sender.pk,
            receiver_id=peer.pk,
            text=text,
            client_message_id=client_message_id,
        )
        sending = SendWrite(
            draft=draft, respond=lambda sent: sent.record, limits=limits, claims=claims
        )
        return self.call(sending, draft.conversation)

    def call(self, work: Bulk, about: str) -> DatabaseCall:
        return DatabaseCall(work, about, self.loop.create_future())

    def send_alone(self, draft: Draft) -> Sent:
        self.alone.append(draft.text)
        return send_alone(draft)


def acquainted(count: int) -> list[User]:
    """Two and two of them have written to each other."""
    people = [make_user(f"Person {number}") for number in range(count)]
    for one, other in zip(people[::2], people[1::2], strict=True):
        make_message(one, other, "before")
    return people


def done(calls: list[DatabaseCall]) -> list[Any]:
    """What each was answered: a record, or the error."""
    run_together(list(calls))
    return [call.error or call.result for call in calls]


def numbers(one: User, other: User) -> list[int]:
    messages = Message.objects.filter(conversation__key=direct_key(one.pk, other.pk))
    return list(messages.order_by("seq").values_list("seq", flat=True))


def mark_of(reader: User, peer: User) -> int:
    key = direct_key(reader.pk, peer.pk)
    return Membership.objects.get(conversation__key=key, user=reader).last_read_seq


def told(events: Events) -> list[tuple[str, int]]:
    """To whom, and the seq of what message."""
    return sorted((each.to, each.data["seq"]) for each in events if each.event == "newMessage")


def to_both(one: User, other: User, *seqs: int) -> list[tuple[str, int]]:
    return sorted((f"user.{person.pk}", seq) for person in (one, other) for seq in seqs)
