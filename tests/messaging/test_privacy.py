"""What people do not show others leaves the site by no way: person, relation, setting, way."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.privacy import KINDS, PrivacyKind
from accounts.services.last_seen import record_online
from messaging.models import saved_key
from messaging.presence import leases, online_seen_by
from messaging.queries.privacy import CHANGED, _load, invalidate_rules, rules
from messaging.queries.sync import Cursor
from messaging.recipients import user_group
from messaging.services.conversations import mark_delivered, mark_read
from messaging.services.messages import send_message
from messaging.services.privacy import change_privacy
from tests.factories import ApiFor, make_group, make_message, make_user
from tests.recording import Events

pytestmark = pytest.mark.django_db(transaction=True)
PageFor = Callable[[User], Client]


@dataclass
class Cast:
    """Ada sets what she shows. She has written to Bo; Cy has written to her; Di shares a group."""

    ada: User
    bo: User
    cy: User
    di: User
    group: str

    @property
    def others(self) -> dict[str, User]:
        return {"bo": self.bo, "cy": self.cy, "di": self.di}


@pytest.fixture
def cast() -> Cast:
    ada, bo, cy, di = (make_user(name) for name in ("Ada", "Bo", "Cy", "Di"))
    group = make_group(ada, bo, cy, di)
    make_message(ada, bo)
    make_message(bo, ada)
    make_message(cy, ada)
    for person in (bo, cy, di):
        send_message(sender=person, peer=group, text="Hello")
    for person, peer in ((ada, bo.pk), (ada, cy.pk), (bo, ada.pk)):
        mark_read(user=person, peer=peer, seq=9)
    people = [ada, bo, cy, di]
    record_online([person.pk for person in people])
    for person in people:
        leases().came(person.pk)
    return Cast(ada, bo, cy, di, group)


SEEN_BY = {"everybody": {"bo", "cy", "di"}, "contacts": {"bo"}, "nobody": set[str]()}
audiences = pytest.mark.parametrize("audience", SEEN_BY)


def set_one(user: User, kind: PrivacyKind, audience: Any) -> None:
    change_privacy(user=user, **{kind: audience})


def chat_of(client: Any, peer: User) -> dict[str, Any] | None:
    chats = client.get("/api/messages/chats").json()
    since = Cursor({}).encode()
    synced = client.get(f"/api/messages/sync?since={since}").json()["chats"]
    [chat] = [each for each in chats if each["_id"] == peer.pk] or [None]
    [changed] = [each for each in synced if each["_id"] == peer.pk] or [None]
    if chat is None or changed is None:
        return None
    for name in ("online", "lastSeenAt", "readsHidden"):
        assert chat.get(name) == changed.get(name)
    return dict(changed)


@audiences
@pytest.mark.parametrize("reverse", [False, True], ids=["of_her", "by_her"])
class TestOnline:
    def test_by_every_way(
        self, cast: Cast, api_for: ApiFor, page_for: PageFor, audience: str, reverse: bool
    ) -> None:
        """And she sees of nobody what she does not show them."""
        set_one(cast.ada, "online", audience)
        for name, other in cast.others.items():
            seen = name in SEEN_BY[audience]
            viewer, person = (cast.ada, other) if reverse else (other, cast.ada)
            assert (person.pk in online_seen_by(viewer.pk)) is seen
            client, page = api_for(viewer), page_for(viewer)
            if chat := chat_of(client, person):
                assert chat["online"] is seen
            members = client.get(f"/api/conversations/{cast.group}/members").json()
            assert {each["_id"]: each["online"] for each in members}[person.pk] is seen
            details = page.get(f"/chat/{cast.group}/members").content.decode()
            assert is_marked(details, f'data-presence="{person.pk}"') is seen
            contacts = page.get("/contacts").content.decode()
            assert is_marked(contacts.partition(f'id="contacts-{person.pk}"')[2], "<img") is seen
            details = page.get(f"/chat/{person.pk}/details").content.decode()
            assert ('data-state="online"' in details) is seen
            header = page.get(f"/chat/{person.pk}/header").content.decode()
            assert is_marked(header, "<img") is seen
            if not seen:
                assert ">offline<" not in header

    def test_oneself_is_always_seen(self, cast: Cast, audience: str, reverse: bool) -> None:
        set_one(cast.ada, "online", audience)
        assert cast.ada.pk in online_seen_by(cast.ada.pk)


def is_marked(html: str, until: str) -> bool:
    """Whether the avatar before that is of somebody online."""
    [avatar] = re.findall(r'class="(avatar[^"]*)"', html.partition(until)[0])[-1:]
    return "is-online" in avatar


@audiences
@pytest.mark.parametrize("reverse", [False, True], ids=["of_her", "by_her"])
def test_last_seen(
    cast: Cast, api_for: ApiFor, page_for: PageFor, audience: str, reverse: bool
) -> None:
    set_one(cast.ada, "last_seen", audience)
    for name, other in cast.others.items():
        seen = name in SEEN_BY[audience]
        viewer, person = (cast.ada, other) if reverse else (other, cast.ada)
        if chat := chat_of(api_for(viewer), person):
            assert ("lastSeenAt" in chat) is seen
        header = page_for(viewer).get(f"/chat/{person.pk}/header").content.decode()
        assert ("last seen" in header) is seen
        assert ("data-shows-last-seen" in header) is seen


@audiences
@pytest.mark.parametrize("reverse", [False, True], ids=["of_her", "by_her"])
def test_what_was_read(
    cast: Cast,
    api_for: ApiFor,
    page_for: PageFor,
    events: Events,
    audience: str,
    reverse: bool,
) -> None:
    """Is delivered for those who may not know that it was read."""
    set_one(cast.ada, "read_receipts", audience)
    for name, other in cast.others.items():
        seen = name in SEEN_BY[audience]
        viewer, person = (cast.ada, other) if reverse else (other, cast.ada)
        seq = make_message(viewer, person).seq
        conversation = make_message(viewer, person).conversation_id
        seen = seen or (audience == "contacts" and reverse)  # she has just written to them
        events.clear()
        mark_read(user=person, peer=viewer.pk, seq=seq + 1)
        told = [user_group(person.pk), *([user_group(viewer.pk)] if seen else [])]
        assert events.recipients("messagesRead") == sorted(told)
        assert events.recipients("messagesDelivered") == ([] if seen else [user_group(viewer.pk)])
        client = api_for(viewer)
        chat = chat_of(client, person)
        assert chat
        assert (chat["peerReadSeq"] > 0, chat.get("readsHidden", False)) == (seen, not seen)
        assert chat["peerDeliveredSeq"] == seq + 1
        url = f"/api/conversations/{conversation}/receipts?seq={seq + 1}"
        [receipt] = client.get(url).json()
        assert receipt["state"] == ("read" if seen else "delivered")
        assert ("readAt" in receipt) is seen
        html = page_for(viewer).get(f"/chat/{person.pk}").content.decode()
        assert ('data-state="read"' in html.partition("<template")[0]) is seen
        assert ("data-reads-hidden" in html.partition("<template")[0]) is not seen


def synced(client: Any, since: str = "") -> tuple[list[str], str]:
    answer = client.get(f"/api/messages/sync?since={since}").json()
    return [chat["_id"] for chat in answer["chats"]], answer["cursor"]


@audiences
def test_when_something_delivered_was_read(
    cast: Cast, api_for: ApiFor, events: Events, audience: str
) -> None:
    """Is no news for those who may not know that it was read: neither live nor for `sync`."""
    set_one(cast.ada, "read_receipts", audience)
    for name, other in cast.others.items():
        seen = name in SEEN_BY[audience]
        make_message(other, cast.ada)
        seq = make_message(other, cast.ada).seq
        mark_delivered(user=cast.ada, peer=other.pk, seq=seq)
        _chats, cursor = synced(api_for(other))
        _chats, own = synced(api_for(cast.ada))
        events.clear()
        mark_read(user=cast.ada, peer=other.pk, seq=seq)
        assert (user_group(other.pk) in events.recipients("messagesRead")) is seen
        assert not events.recipients("messagesDelivered")
        chats, later = synced(api_for(other), cursor)
        assert chats == ([cast.ada.pk] if seen else [])
        assert (later != cursor) is seen
        # Chats that share a bucket of the cursor may come along.
        assert other.pk in synced(api_for(cast.ada), own)[0]


@audiences
def test_what_was_read_in_a_group(
    cast: Cast, api_for: ApiFor, events: Events, audience: str
) -> None:
    set_one(cast.ada, "read_receipts", audience)
    seq = send_message(sender=cast.bo, peer=cast.group, text="And now?").record.seq
    events.clear()
    mark_read(user=cast.ada, peer=cast.group, seq=seq)
    seen = {user_group(cast.others[name].pk) for name in SEEN_BY[audience]}
    everybody = {user_group(person.pk) for person in cast.others.values()}
    assert set(events.recipients("messagesRead")) == seen | {user_group(cast.ada.pk)}
    assert set(events.recipients("messagesDelivered")) == everybody - seen
    for name, other in cast.others.items():
        url = f"/api/conversations/{cast.group}/receipts?seq={seq}&state=read"
        readers = [each["_id"] for each in api_for(other).get(url).json()]
        assert (cast.ada.pk in readers) is (name in SEEN_BY[audience])
    chats = api_for(cast.di).get(f"/api/messages/sync?since={Cursor({}).encode()}").json()["chats"]
    [group] = [each for each in chats if each["_id"] == cast.group]
    assert (group["peerReadSeq"] >= seq) is True  # Bo, who wrote it
    mark_delivered(user=cast.di, peer=cast.group, seq=seq)


def test_whoever_is_written_to_sees_more_from_then_on(cast: Cast) -> None:
    set_one(cast.ada, "online", "contacts")
    assert cast.ada.pk not in online_seen_by(cast.cy.pk)
    make_message(cast.ada, cast.cy)
    assert cast.ada.pk in online_seen_by(cast.cy.pk)
    assert cast.ada.pk not in online_seen_by(cast.di.pk)


def test_what_is_written_in_a_group_or_saved_changes_no_rules(cast: Cast, events: Events) -> None:
    set_one(cast.ada, "online", "contacts")
    events.clear()
    send_message(sender=cast.ada, peer=cast.group, text="Hello")
    send_message(sender=cast.ada, peer=saved_key(cast.ada.pk), text="Hello")
    assert events.recipients(CHANGED) == []
    make_message(cast.ada, cast.cy)
    assert events.recipients(CHANGED) == [CHANGED]


def test_two_who_hide_see_each_other_only_where_both_show_it(cast: Cast) -> None:
    set_one(cast.ada, "online", "contacts")
    set_one(cast.bo, "online", "contacts")
    assert rules().sees("online", cast.ada.pk, cast.bo.pk)
    set_one(cast.bo, "online", "nobody")
    assert not rules().sees("online", cast.ada.pk, cast.bo.pk)
    assert online_seen_by(cast.bo.pk) == {cast.bo.pk}


def test_a_change_is_told_to_whom_it_makes_a_difference(cast: Cast, events: Events) -> None:
    events.clear()
    set_one(cast.ada, "online", "contacts")
    told = sorted(map(user_group, (cast.ada.pk, cast.cy.pk)))
    assert events.recipients("privacyChanged") == told
    assert events.data("privacyChanged") == {"personId": cast.ada.pk}
    events.clear()
    set_one(cast.ada, "online", "contacts")
    assert not len(events)


def test_those_who_show_everything_cost_no_query(cast: Cast) -> None:
    invalidate_rules()
    rules()
    with CaptureQueriesContext(connection) as queries:
        for kind in KINDS:
            assert rules().sees(kind, cast.ada.pk, cast.bo.pk)
        online = leases().online()
        assert rules().online_seen(cast.ada.pk, online) is online
    assert len(queries) == 0


def test_settings_are_one_s_own_and_each_is_one_of_three(cast: Cast, api_for: ApiFor) -> None:
    client = api_for(cast.ada)
    shown = dict.fromkeys(("readReceipts", "typing", "online", "lastSeen"), "everybody")
    assert client.get("/api/privacy").json() == shown
    answer = client.patch("/api/privacy", {"typing": "nobody"})
    assert answer.json() == {**shown, "typing": "nobody"}
    assert api_for(cast.bo).get("/api/privacy").json() == shown
    assert client.patch("/api/privacy", {"typing": "friends"}).status_code == 400
    assert client.get("/api/privacy").json() == {**shown, "typing": "nobody"}


def test_the_profile_has_them(cast: Cast, page_for: PageFor) -> None:
    page = page_for(cast.ada)
    chosen = dict.fromkeys(KINDS, "everybody") | {"online": "nobody"}
    assert page.post("/profile/privacy", chosen).status_code == 302
    html = page.get("/profile").content.decode()
    assert '<option value="nobody" selected>' in html
    assert cast.ada.pk not in online_seen_by(cast.bo.pk)


def test_who_had_to_wait_for_the_rules_finds_them_read() -> None:
    invalidate_rules()
    with CaptureQueriesContext(connection) as asked:
        _load()
        first = len(asked)
        assert _load() is rules()
    assert len(asked) == first > 0
