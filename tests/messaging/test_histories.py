"""Random histories of a few people: what is stored, answered and told is as a model says."""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from pytest_django import Settings

from chatsite.errors import DomainError
from messaging.models import Conversation, Membership, Message, direct_key
from messaging.services.conversations import mark_read
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

    @property
    def said(self) -> tuple[str, str]:
        return self.text, self.client_message_id


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
    """A client message id goes to one receiver within a batch: of two, whichever comes first has
    it.
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


Members = tuple[int, int]


def members(one: int, other: int) -> Members:
    return min(one, other), max(one, other)


@dataclass
class Model:
    """One message after the other."""

    messages: dict[Members, list[Send]] = field(default_factory=lambda: defaultdict(list))
    marks: dict[tuple[Members, int], int] = field(default_factory=dict)
    sent: dict[tuple[int, str], tuple[Members, int, str]] = field(default_factory=dict)
    news: list[tuple[int, int, int, str]] = field(default_factory=list)  # of the last batch
    readers_told: set[tuple[int, int, int]] = field(default_factory=set)

    def send(self, act: Send) -> Any:
        place = members(act.sender, act.peer)
        before = self.sent.get((act.sender, act.client_message_id))
        if act.client_message_id and before:
            return before[1:] if before[0] == place else 409
        self.messages[place].append(act)
        seq = len(self.messages[place])
        for person in place:
            self.marks.setdefault((place, person), 0)
            self.news.append((person, act.sender, seq, act.text))
        if self.marks[place, act.sender] < seq - 1:
            self._tell(act.sender, act.peer)
        self.marks[place, act.sender] = seq
        self.sent[act.sender, act.client_message_id] = place, seq, act.text
        return seq, act.text

    def read(self, act: Read) -> None:
        place = members(act.reader, act.peer)
        mark = min(act.seq, len(self.messages[place]))
        if mark > self.marks.get((place, act.reader), 0):
            self.marks[place, act.reader] = mark
            self._tell(act.reader, act.peer)

    def _tell(self, reader: int, peer: int) -> None:
        self.readers_told |= {(reader, reader, peer), (peer, reader, peer)}


class World:
    """People who do what a script says, told by their numbers."""

    def __init__(self, events: Events) -> None:
        self.people = [make_user(f"Person {number}") for number in range(PEOPLE)]
        self.marks_as_told: dict[tuple[Members, int, int], int] = {}
        self._events = events
        self._number = {each.pk: number for number, each in enumerate(self.people)}
        self._members = {
            direct_key(self.people[one].pk, self.people[other].pk): (one, other)
            for other in range(PEOPLE)
            for one in range(other)
        }

    def key(self, send: Send) -> str:
        return direct_key(self.people[send.sender].pk, self.people[send.peer].pk)

    def messages(self) -> dict[Members, list[Send]]:
        found = defaultdict(list)
        for each in Message.objects.order_by("seq").select_related("conversation"):
            place, sender = self._members[each.conversation.key], self._number[each.sender_id]
            found[place].append(
                Send(sender, sum(place) - sender, each.text, each.client_message_id)
            )
            assert each.seq == len(found[place])
        return found

    def marks(self) -> dict[tuple[Members, int], int]:
        return {
            (self._members[each.conversation.key], self._number[each.user_id]): each.last_read_seq
            for each in Membership.objects.select_related("conversation")
        }

    def news(self) -> list[tuple[int, int, int, str]]:
        return [
            (
                self._to(each.to),
                self._number[each.data["senderId"]],
                each.data["seq"],
                each.data["text"],
            )
            for each in self._events
            if each.event == "newMessage"
        ]

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

    def note_marks(self) -> None:
        """Up to where who has read, as each knows it: whoever writes has read what was there."""
        for each in self._events:
            is_message = each.event == "newMessage"
            reader = self._number[each.data["senderId" if is_message else "readerId"]]
            peer = self._number[each.data["receiverId" if is_message else "peerId"]]
            place = members(reader, peer), reader, self._to(each.to)
            self.marks_as_told[place] = max(self.marks_as_told.get(place, 0), each.data["seq"])

    def _to(self, group: str) -> int:
        return self._number[group.removeprefix("user.")]


def outcome(answer: Any) -> Any:
    return answer.status if isinstance(answer, DomainError) else (answer.seq, answer.text)


@pytest.mark.parametrize("seed", range(12))
def test_what_becomes_of_it_is_what_the_model_says(
    sends: Sender, events: Events, settings: Settings, seed: int
) -> None:
    settings.FAST = replace(settings.FAST, statements=seed % 4 > 0)
    model, world = Model(), World(events)
    for acts in script(seed):
        events.clear()
        model.news, model.readers_told = [], set()
        for act in acts:
            if isinstance(act, Read):
                reader, peer = world.people[act.reader], world.people[act.peer]
                mark_read(user=reader, peer=peer.pk, seq=act.seq)
                model.read(act)
        batch = sorted((act for act in acts if isinstance(act, Send)), key=world.key)
        answers = done(
            [sends(world.people[act.sender], world.people[act.peer], *act.said) for act in batch]
        )
        assert [outcome(answer) for answer in answers] == [model.send(act) for act in batch]
        assert sorted(world.news()) == sorted(model.news)
        assert world.readers_told() == model.readers_told
        world.note_marks()
    assert sends.alone == []
    assert world.messages() == {place: sent for place, sent in model.messages.items() if sent}
    assert world.marks() == model.marks
    assert world.marks_as_told == {
        (place, reader, person): mark
        for (place, reader), mark in model.marks.items()
        for person in place
        if mark
    }
    for conversation in Conversation.objects.select_related("last_message"):
        last = conversation.last_message
        assert last is not None
        assert conversation.last_seq == last.seq
        assert conversation.changed_at >= last.created_at
        versions = conversation.messages.order_by("seq").values_list("version", flat=True)
        assert sorted(set(versions)) == list(versions)
        assert conversation.version >= last.version
