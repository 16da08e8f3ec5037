"""A large site: many people, conversations and messages, written past the services, in bulk."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from accounts.models import Session, User
from chatsite.db import now
from chatsite.keys import new_key
from messaging.models import BLOCK, Conversation, Membership, Message, direct_key
from messaging.services.search_index import add_blocks

BATCH = 5000
BUSY_CHATS = 1000  # conversations of the one person who has most


@dataclass(frozen=True)
class Filled:
    busy: User
    peer: User
    ordinary: User  # in about ten conversations
    session: Session


def _plain(_chance: random.Random, seq: int) -> str:
    return f"Message {seq} of a long conversation"


def fill(
    *,
    conversations: int,
    messages: int,
    seed: int = 1,
    busy_chats: int | None = None,
    busy_share: int = 1,
    text: Callable[[random.Random, int], str] = _plain,
) -> Filled:
    """`messages` spread over `conversations`. One person is in `busy_chats` of them (BUSY_CHATS),
    each of which has `busy_share` times as many messages as another. `text` gets a message's `seq`.
    """
    busy_chats = busy_chats or BUSY_CHATS
    chance = random.Random(seed)  # noqa: S311  nothing secret
    people = _people(max(conversations // 5, busy_chats + 1))
    User.objects.bulk_create(people, batch_size=BATCH)
    pairs = list(islice(_pairs(people, chance, busy_chats), conversations))
    made = [Conversation(key=direct_key(one.pk, other.pk)) for one, other in pairs]
    Conversation.objects.bulk_create(made, batch_size=BATCH)
    each = messages // (conversations + busy_chats * (busy_share - 1))
    counts = [each * busy_share] * busy_chats + [each] * (conversations - busy_chats)
    _write_messages(made, pairs, counts, chance, text)
    _write_memberships(made, pairs, counts, chance)
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


def _pairs(
    people: list[User], chance: random.Random, busy_chats: int
) -> Iterator[tuple[User, User]]:
    busy, *others = people
    seen = set()
    for other in others[:busy_chats]:
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
    counts: list[int],
    chance: random.Random,
    text: Callable[[random.Random, int], str],
) -> None:
    """In the order in which people would have sent them: one of each conversation after another."""
    most = max(counts)
    began = now() - timedelta(seconds=most * len(conversations))
    batch: list[Message] = []
    for seq in range(1, most + 1):
        for index, conversation in enumerate(conversations):
            if seq > counts[index]:
                continue
            sent = began + timedelta(seconds=(seq - 1) * len(conversations) + index)
            message = Message(
                conversation=conversation,
                sender=chance.choice(pairs[index]),
                seq=seq,
                version=seq,
                text=text(chance, seq),
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
    counts: list[int],
    chance: random.Random,
) -> None:
    """Everybody has read all, but for a few messages now and then."""
    memberships = []
    for conversation, pair, count in zip(conversations, pairs, counts, strict=True):
        for user in pair:
            unread = chance.choice([0, 0, 0, 0, 3, 20])
            mark = max(0, count - unread)
            memberships.append(Membership(conversation=conversation, user=user, last_read_seq=mark))
    Membership.objects.bulk_create(memberships, batch_size=BATCH)


def index_messages() -> None:
    """For searching: whoever fills in bulk goes past the services, which do it."""
    for key, last_seq in Conversation.objects.values_list("pk", "last_seq"):
        add_blocks((key, number) for number in range(last_seq // BLOCK))
