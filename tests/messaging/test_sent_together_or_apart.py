"""The same again and again, by one statement a table and one by one: the outcome is one."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from chatsite.errors import DomainError
from messaging.models import Conversation, Membership, Message, direct_key
from messaging.services.conversations import mark_read
from messaging.services.messages import send_message
from tests.factories import make_user
from tests.messaging.sends import TEXTS, Sender, done
from tests.recording import Events

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.sql_only("MongoDB's messages are stored each by itself"),
]


@dataclass(frozen=True, slots=True)
class Send:
    sender: int
    peer: int
    text: str
    client_message_id: str


@dataclass(frozen=True, slots=True)
class Read:
    reader: int
    peer: int
    seq: int


Script = list[list[Send | Read]]
PEOPLE = 4
BATCHES = 12


def script(seed: int) -> Script:
    """Batches of what people do."""
    chance = random.Random(seed)
    batches: Script = []
    used: list[Send] = []
    for number in range(BATCHES):
        sends = _sends(chance, number, used)
        used += [send for send in sends if send.client_message_id]
        batches += [list(sends), list(_reads(chance))]
    return batches


def _sends(chance: random.Random, batch: int, used: list[Send]) -> list[Send]:
    """A client message id goes to one receiver within a batch: of two, whichever came first would
    have it.
    """
    sends: list[Send] = []
    for number in range(chance.randint(1, 14)):
        sender, peer = chance.sample(range(PEOPLE), 2)
        client_id = chance.choice(["", f"c{batch}-{number}"])
        earlier = [*used, *(send for send in sends if send.client_message_id)]
        if earlier and chance.random() < 0.04:
            before = chance.choice(earlier)
            sender, client_id = before.sender, before.client_message_id
            if before in sends or peer == sender or chance.random() < 0.5:
                peer = before.peer
        sends.append(Send(sender, peer, chance.choice(TEXTS), client_id))
    return sends


def _reads(chance: random.Random) -> Iterator[Read]:
    for _read in range(chance.randint(0, 3)):
        reader, peer = chance.sample(range(PEOPLE), 2)
        yield Read(reader, peer, chance.randint(1, 20))


class World:
    """People who do what a script says, and what becomes of it, told by their numbers."""

    def __init__(self, events: Events) -> None:
        self.people = [make_user(f"Person {number}") for number in range(PEOPLE)]
        self._events = events
        self._number = {each.pk: number for number, each in enumerate(self.people)}

    def key(self, send: Send) -> str:
        return direct_key(self.people[send.sender].pk, self.people[send.peer].pk)

    def rows(self) -> list[tuple[Any, ...]]:
        messages = Message.objects.filter(sender__in=self.people).select_related("conversation")
        return sorted(
            (
                self._members(each.conversation),
                each.seq,
                self._number[each.sender_id],
                each.text,
                each.client_message_id,
            )
            for each in messages
        )

    def conversations(self) -> list[tuple[Any, ...]]:
        found = Conversation.objects.select_related("last_message")
        return sorted(
            (self._members(each), each.last_seq, each.last_message and each.last_message.seq)
            for each in found
            if each.member_ids[0] in self._number
        )

    def marks(self) -> list[tuple[Any, ...]]:
        memberships = Membership.objects.filter(user__in=self.people).select_related("conversation")
        return sorted(
            (self._members(each.conversation), self._number[each.user_id], each.last_read_seq)
            for each in memberships
        )

    def news(self) -> list[tuple[Any, ...]]:
        return sorted(
            (
                self._to(each.to),
                self._number[each.data["senderId"]],
                each.data["seq"],
                each.data["text"],
            )
            for each in self._events
            if each.event == "newMessage"
        )

    def readers_told(self) -> set[tuple[int, int, int]]:
        """To whom, who has read, and whose messages."""
        return {
            (
                self._to(each.to),
                self._number[each.data["readerId"]],
                self._number[each.data["peerId"]],
            )
            for each in self._events
            if each.event == "messagesRead"
        }

    def marks_as_told(self) -> dict[tuple[int, int, int], int]:
        """Up to where who has read, as each knows it: whoever writes has read what was there."""
        known: dict[tuple[int, int, int], int] = {}
        for each in self._events:
            is_message = each.event == "newMessage"
            reader = each.data["senderId" if is_message else "readerId"]
            peer = each.data["receiverId" if is_message else "peerId"]
            place = (self._to(each.to), self._number[reader], self._number[peer])
            known[place] = max(known.get(place, 0), each.data["seq"])
        return known

    def _members(self, conversation: Conversation) -> tuple[int, ...]:
        return tuple(sorted(self._number[each] for each in conversation.member_ids))

    def _to(self, group: str) -> int:
        return self._number[group.removeprefix("user.")]

    def seen(self) -> list[Any]:
        return [
            self.news(),
            self.readers_told(),
            self.marks_as_told(),
            self.rows(),
            self.conversations(),
            self.marks(),
        ]


def outcome(answer: Any) -> Any:
    return answer.status if isinstance(answer, DomainError) else (answer.seq, answer.text)


def read(world: World, acts: Iterable[Send | Read]) -> None:
    for act in acts:
        if isinstance(act, Read):
            reader, peer = world.people[act.reader], world.people[act.peer]
            mark_read(user=reader, peer=peer.pk, seq=act.seq)


def sent_together(world: World, acts: Iterable[Send], sends: Sender) -> list[Any]:
    people = world.people
    jobs = [
        sends(people[act.sender], people[act.peer], act.text, act.client_message_id) for act in acts
    ]
    return [outcome(answer) for answer in done(jobs)]


def sent_apart(world: World, acts: Iterable[Send]) -> list[Any]:
    return [outcome(_answer(world, act)) for act in acts]


def _answer(world: World, act: Send) -> Any:
    try:
        return send_message(
            sender=world.people[act.sender],
            peer=world.people[act.peer].pk,
            text=act.text,
            client_message_id=act.client_message_id,
        ).payload
    except DomainError as error:
        return error


@pytest.mark.parametrize("seed", range(12))
def test_together_is_as_one_by_one(sends: Sender, events: Events, seed: int) -> None:
    together, apart = World(events), World(events)
    for acts in script(seed):
        sent = [act for act in acts if isinstance(act, Send)]
        events.clear()
        read(together, acts)
        answers = sent_together(together, sorted(sent, key=together.key), sends)
        seen = together.seen()
        events.clear()
        read(apart, acts)
        assert answers == sent_apart(apart, sorted(sent, key=apart.key))
        assert seen == apart.seen()
    assert len(sends.alone) < len(together.rows())  # some were stored together
