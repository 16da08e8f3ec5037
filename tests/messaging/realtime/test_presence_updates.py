"""What is told of who is online: to each what they do not know, and at a bearable pace."""

import json
import random
from typing import Any

import pytest

from accounts.tokens import Claims
from messaging.realtime.presence.pacing import OF_CHANGES, OF_LISTS, PacedUpdates
from messaging.realtime.presence.snapshot import Snapshot
from messaging.realtime.presence.updates import COHORTS, PresenceUpdates

ADA, BOB, EVE = "a" * 24, "b" * 24, "c" * 24


class Client:
    """Believes what it is told, as a browser does."""

    def __init__(self, user_id: str) -> None:
        self.user_id = user_id
        self.session_id = ""
        self.claims = Claims("", user_id)
        self.wants_delta = True
        self.online: set[str] = set()
        self.frames: list[Any] = []

    def send_frame(self, frame: str) -> None:
        self.frames.append(frame)
        data = json.loads(frame)["data"]
        if isinstance(data, list):
            self.online = set(data)
        else:
            self.online = self.online - set(data["offline"]) | set(data["online"])

    def terminate(self, code: int) -> None:
        """Nothing of this test."""


def update(updates: PresenceUpdates[Client], *online: str) -> list[str]:
    """Returns the frames, one for all who know the same."""
    frames = []
    for frame, clients in updates.update(frozenset(online)):
        frames.append(frame)
        for client in clients:
            client.send_frame(frame)
    return frames


def newcomer(updates: PresenceUpdates[Client], user_id: str) -> Client:
    client = Client(user_id)
    updates.note_arrival(user_id)
    updates.subscribe(client)
    return client


@pytest.mark.parametrize("people", [[], [BOB], [EVE, BOB]])
def test_a_snapshot_is_a_frame_to_which_people_are_added(people: list[str]) -> None:
    snapshot = Snapshot(people)
    assert json.loads(snapshot.frame) == {"event": "getOnlineUsers", "data": sorted(people)}
    snapshot.add(ADA)
    snapshot.add("d" * 24)
    assert json.loads(snapshot.frame)["data"] == [*sorted(people), ADA, "d" * 24]


@pytest.mark.parametrize("wants_delta", [True, False])
def test_a_newcomer_knows_everybody_at_once_and_others_at_the_next_round(wants_delta: bool) -> None:
    updates: PresenceUpdates[Client] = PresenceUpdates(frozenset([EVE]), wants_delta=wants_delta)
    first, second = newcomer(updates, ADA), newcomer(updates, BOB)
    assert first.online == {ADA, EVE}
    assert second.online == {ADA, BOB, EVE}
    assert len(update(updates, ADA, BOB, EVE)) == 1
    assert first.online == {ADA, BOB, EVE}
    assert len(second.frames) == 1, "told of what was known"


def test_all_who_know_the_same_get_the_same_frame() -> None:
    updates: PresenceUpdates[Client] = PresenceUpdates(frozenset(), wants_delta=True)
    clients = [newcomer(updates, ADA) for _ in range(10)]
    assert update(updates, ADA) == []
    assert len(update(updates, ADA, BOB)) == 1
    assert update(updates, ADA, BOB) == []
    assert {len(client.frames) for client in clients} == {2}


def test_who_came_and_went_between_two_rounds_stays_with_nobody() -> None:
    updates: PresenceUpdates[Client] = PresenceUpdates(frozenset([ADA]), wants_delta=True)
    before = newcomer(updates, ADA)
    short = newcomer(updates, BOB)
    after = newcomer(updates, EVE)
    updates.unsubscribe(short)
    assert BOB in after.online
    update(updates, ADA, EVE)
    assert before.online == after.online == {ADA, EVE}


def test_a_short_absence_is_told_to_nobody() -> None:
    updates: PresenceUpdates[Client] = PresenceUpdates(frozenset([ADA, BOB]), wants_delta=True)
    client = newcomer(updates, ADA)
    updates.note_arrival(BOB)  # who had gone, and is back
    assert update(updates, ADA, BOB) == []
    assert client.online == {ADA, BOB}


def test_of_many_newcomers_all_know_the_truth_by_few_frames() -> None:
    updates: PresenceUpdates[Client] = PresenceUpdates(frozenset([ADA]), wants_delta=True)
    clients = [newcomer(updates, f"{number:024x}") for number in range(1000)]
    gone = set(random.Random(1).sample(range(1000), 300))
    for number in gone:
        updates.unsubscribe(clients[number])
    online = [f"{number:024x}" for number in range(1000) if number not in gone]
    assert len(update(updates, *online, EVE)) <= COHORTS + 1
    left = [client for number, client in enumerate(clients) if number not in gone]
    assert all(client.online == {*online, EVE} for client in left)


@pytest.mark.parametrize("wants_delta", [True, False])
@pytest.mark.parametrize("seed", range(20))
def test_whatever_happens_all_know_the_truth_after_a_round(seed: int, wants_delta: bool) -> None:
    chance = random.Random(seed)
    updates: PresenceUpdates[Client] = PresenceUpdates(frozenset(), wants_delta=wants_delta)
    elsewhere: set[str] = set()
    clients: list[Client] = []
    for _round in range(30):
        for _ in range(chance.randrange(8)):
            user_id = f"{chance.randrange(12):024x}"
            if chance.random() < 0.5:
                clients.append(newcomer(updates, user_id))
            elif chance.random() < 0.5:
                elsewhere ^= {user_id}
            elif clients:
                updates.unsubscribe(clients.pop(chance.randrange(len(clients))))
        online = elsewhere.union(client.user_id for client in clients)
        update(updates, *online)
        assert all(client.online == online for client in clients)


def test_the_more_is_told_the_longer_is_the_rest() -> None:
    assert OF_CHANGES.rest_after(0) == 0
    assert 0.9 < OF_CHANGES.rest_after(500 * (87 + 60)) < 1.1
    assert OF_CHANGES.rest_after(10**12) == 10
    assert OF_LISTS.rest_after(10**12) == 12


async def test_an_paced_that_rests_is_told_later(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 100.0
    monkeypatch.setattr("messaging.realtime.presence.pacing.time.monotonic", lambda: clock)
    paced = PacedUpdates(frozenset(), wants_delta=True)
    clients = [Client(ADA) for _ in range(1000)]
    for client in clients:
        paced.updates.note_arrival(ADA)
        paced.updates.subscribe(client)
    await paced.send(frozenset([ADA, BOB]))
    await paced.send(frozenset([ADA]))
    told_later = paced.is_behind
    assert told_later
    assert clients[0].online == {ADA, BOB}
    clock += paced.rest
    await paced.send(frozenset([ADA]))
    told_later = paced.is_behind
    assert not told_later
    assert clients[0].online == {ADA}
