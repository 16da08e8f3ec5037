"""A large site: many people, conversations and messages, written past the services, in bulk."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from accounts.models import Session, User
from chatsite.db import now
from chatsite.keys import new_key
from messaging.models import Conversation, Membership, Message, direct_key

BATCH = 5000
BUSY_CHATS = 1000  # conversations of the one person who has most


@dataclass(frozen=True)
class Filled:
    busy: User
    peer: User
    ordinary: User  # in about ten conversations
    session: Session


def fill(*, conversations: int, messages: int, seed: int = 1) -> Filled:
    """`messages` spread over `conversations`; one person is in a tenth of them."""
    chance = random.Random(seed)  # noqa: S311  nothing secret
    people = _people(max(conversations // 5, BUSY_CHATS + 1))
    User.objects.bulk_create(people, batch_size=BATCH)
    pairs = list(islice(_pairs(people, chance), conversations))
    made = [Conversation(key=direct_key(one.pk, other.pk)) for one, other in pairs]
    Conversation.objects.bulk_create(made, batch_size=BATCH)
    each = messages // conversations
    _write_messages(made, pairs, each, chance)
    _write_memberships(made, pairs, each, chance)
    Session.objects.bulk_create([Session(user=user) for user in people], batch_size=BATCH)
    busy, peer = pairs[0]
    return Filled(busy, peer, people[-1], Session.objects.create(user=busy))


def _people(count: int) -> list[User]:
    people = []
    for number in range(count):
        user = User(email=f"person{number}@example.org", password="!")  # noqa: S106  opens nothing
        user.rename(f"Person {number}")
        people.append(user)
    return people


def _pairs(people: list[User], chance: random.Random) -> Iterator[tuple[User, User]]:
    busy, *others = people
    seen = set()
    for other in others[:BUSY_CHATS]:
        yield busy, other
    while True:
        one, other = chance.sample(others, 2)
        pair = frozenset((one, other))
        if pair not in seen:
            seen.add(pair)
            yield one, other


def _write_messages(
    conversations: list[Conversation],
    pairs: list[tuple[User, User]],
    each: int,
    chance: random.Random,
) -> None:
    """In the order in which people would have sent them: one of each conversation after another."""
    began = now() - timedelta(seconds=each * len(conversations))
    batch: list[Message] = []
    for seq in range(1, each + 1):
        for index, conversation in enumerate(conversations):
            sent = began + timedelta(seconds=(seq - 1) * len(conversations) + index)
            message = Message(
                conversation=conversation,
                sender=chance.choice(pairs[index]),
                seq=seq,
                version=seq,
                text=f"Message {seq} of a long conversation",
                client_message_id=new_key(),
                deleted=chance.random() < 0.01,
                created_at=sent,
                updated_at=sent,
            )
            conversation.last_seq = conversation.version = seq
            conversation.last_message_id, conversation.changed_at = message.pk, sent
            batch.append(message)
            if len(batch) == BATCH:
                Message.objects.bulk_create(batch)
                batch.clear()
    Message.objects.bulk_create(batch)
    fields = ["last_seq", "version", "last_message", "changed_at"]
    Conversation.objects.bulk_update(conversations, fields, batch_size=500)


def _write_memberships(
    conversations: list[Conversation],
    pairs: list[tuple[User, User]],
    each: int,
    chance: random.Random,
) -> None:
    """Everybody has read all, but for a few messages now and then."""
    memberships = []
    for conversation, pair in zip(conversations, pairs, strict=True):
        for user in pair:
            unread = chance.choice([0, 0, 0, 0, 3, 20])
            mark = max(0, each - unread)
            memberships.append(Membership(conversation=conversation, user=user, last_read_seq=mark))
    Membership.objects.bulk_create(memberships, batch_size=BATCH)
