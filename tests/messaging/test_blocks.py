"""Who is blocked reaches the blocker by no way, and notices nothing."""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from accounts.models import SitePolicy, User
from accounts.services.accounts import update_profile
from accounts.services.last_seen import record_online
from chatsite.errors import DomainError
from chatsite.pictures import storage
from chatsite.wire import timestamp
from messaging.models import Block, Message, Role, direct_key
from messaging.presence import leases, online_seen_by
from messaging.queries.history import history, history_oldest_first
from messaging.queries.members import members_page
from messaging.queries.people import contacts_page, decode_cursor
from messaging.queries.sync import changes_since, sync_cursor
from messaging.queries.visibility import find_message
from messaging.services import tidying
from messaging.services.blocks import block, unblock
from messaging.services.conversations import mark_delivered, mark_read
from messaging.services.deletions import delete_messages, undo
from messaging.services.edits import edit_message
from messaging.services.groups import remove_member, set_role
from messaging.services.messages import send_message
from messaging.services.pins import pin
from messaging.services.reactions import react
from tests.concurrency import at_once
from tests.factories import ApiFor, make_group, make_message, make_pair, make_user
from tests.files import make_upload
from tests.pictures import encoded
from tests.recording import Events

pytestmark = pytest.mark.django_db(transaction=True)
PageFor = Callable[[User], Client]
KEYS = re.compile(r"[0-9a-f]{24}")
TIMES = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture
def ada() -> User:
    return make_user("Ada")


@pytest.fixture
def bo() -> User:
    return make_user("Bo")


def texts(client: Any, peer: User) -> list[str]:
    return [each["text"] for each in client.get(f"/api/messages/{peer.pk}").json()]


def chat_with(client: Any, peer: User | str) -> Any:
    key = peer if isinstance(peer, str) else peer.pk
    return next(
        (each for each in client.get("/api/messages/chats").json() if each["_id"] == key), None
    )


def coloured(red: int) -> bytes:
    return encoded(Image.new("RGB", (40, 40), (red, 9, 9)))


class Told:
    """What somebody is answered and told live, with each key and time by its first appearance."""

    def __init__(self, viewer: User, peer: User, api_for: ApiFor, events: Events) -> None:
        self.client, self.viewer, self.peer, self.events = api_for(viewer), viewer, peer, events
        self.told: list[str] = []
        self.names: dict[str, str] = {viewer.pk: "me", peer.pk: "peer"}

    def _named(self, text: str) -> str:
        for name, person in (("peer's name", self.peer), ("my name", self.viewer)):
            text = text.replace(person.full_name, name).replace(person.email, name)
        text = re.sub(r"/media/avatars/\d+/", "/media/avatars/", text)
        text = re.sub(r"person\d+@", "person@", text)
        for found in KEYS.findall(text):
            self.names.setdefault(found, f"key {len(self.names)}")
        return TIMES.sub("time", KEYS.sub(lambda found: self.names[found[0]], text))

    def note(self, response: Any) -> Any:
        status = f"{response.status_code} "
        self.told.append(status + self._named(response.content.decode()))
        return response.json()

    def note_events(self) -> None:
        mine = [each for each in self.events if each.to == f"user.{self.viewer.pk}"]
        self.told += [self._named(f"{each.event} {each.data}") for each in mine]
        self.events.clear()

    def go_on(self, message: Message) -> list[str]:
        """Everything that can be done and asked in a direct chat that has two messages."""
        call, note, peer = self.client, self.note, self.peer
        self.events.clear()
        since = note(call.get("/api/messages/sync"))["cursor"]
        self.told.clear()  # the cursor counts what others did
        sent = note(call.post(f"/api/messages/send/{peer.pk}", {"text": "Are you there?"}))
        note(call.put(f"/api/messages/read/{peer.pk}", {"seq": 9}))
        note(call.put(f"/api/messages/{message.pk}/reactions/👍"))
        note(call.put(f"/api/messages/{message.pk}", {"text": "Edited"}))
        note(call.put(f"/api/pins/{message.pk}"))
        note(call.get(f"/api/messages/{peer.pk}"))
        note(call.get("/api/messages/chats"))
        conversation = sent["conversationId"]
        for part in ("members", "pins", "receipts?seq=1", "receipts?seq=3"):
            note(call.get(f"/api/conversations/{conversation}/{part}"))
        note(call.delete(f"/api/messages/{sent['_id']}"))
        changed = call.get(f"/api/messages/sync?since={since}").json()
        self.told.append(self._named(str([changed["messages"], changed["chats"]])))
        self.note_events()
        return self.told


def test_who_is_blocked_is_told_what_they_would_be_of_somebody_offline(
    api_for: ApiFor, events: Events
) -> None:
    """Byte for byte."""
    told = []
    for is_blocked in (True, False):
        ada, bo = make_user("Ada"), make_user("Bo")
        message = make_message(bo, ada, "One")
        make_message(ada, bo, "Two")
        mark_read(user=ada, peer=bo.pk, seq=1)
        record_online([ada.pk, bo.pk])
        if is_blocked:
            block(user=ada, person=bo.pk)
            mark_read(user=ada, peer=bo.pk, seq=9)
            mark_delivered(user=ada, peer=bo.pk, seq=9)
        told.append(Told(bo, ada, api_for, events).go_on(message))
        if is_blocked:  # nothing of it reached her
            assert texts(api_for(ada), bo) == ["One", "Two"]
    assert told[0] == told[1]


def test_nothing_reaches_the_blocker(api_for: ApiFor, ada: User, bo: User, events: Events) -> None:
    first = make_message(bo, ada, "One")
    hers, his = api_for(ada), api_for(bo)
    cursor = hers.get("/api/messages/sync").json()["cursor"]
    assert hers.put(f"/api/blocks/{bo.pk}").json() == {"blocked": True, "peerId": bo.pk}
    assert events.recipients("chatChanged") == [f"user.{ada.pk}"]
    synced = hers.get(f"/api/messages/sync?since={cursor}").json()
    assert synced["chats"][0]["blocked"] is True
    events.clear()

    sent = his.post(f"/api/messages/send/{ada.pk}", {"text": "secret"})
    assert sent.status_code == 201
    react(user=bo, message_id=first.pk, emoji="👎")
    edit_message(user=bo, message_id=first.pk, text="worse")
    pin(user=bo, message_id=first.pk)
    assert {each.to for each in events} == {f"user.{bo.pk}"}

    chat = chat_with(hers, bo)
    assert chat["blocked"] is True
    assert not chat["canPost"]
    assert (chat["lastMessage"]["text"], chat["unreadCount"]) == ("One", 0)
    [shown] = hers.get(f"/api/messages/{bo.pk}").json()
    assert shown["text"] == "One"
    assert not {"reactions", "editedAt", "pinnedAt"} & shown.keys()
    conversation = shown["conversationId"]
    assert hers.get(f"/api/conversations/{conversation}/pins").json() == []
    assert hers.get(f"/api/conversations/{conversation}/reactions?seq=1").json() == []
    assert hers.get("/api/search?q=secret").json()["messages"] == []
    assert find_message(ada, sent.json()["_id"]) is None
    synced = hers.get(f"/api/messages/sync?since={cursor}").json()
    assert [each["text"] for each in synced["messages"]] == ["One"]


def test_what_is_restored_brings_no_words(
    api_for: ApiFor, ada: User, bo: User, events: Events
) -> None:
    his, hers = make_message(bo, ada, "One"), make_message(ada, bo, "Two")
    block(user=ada, person=bo.pk)
    edit_message(user=bo, message_id=his.pk, text="worse")
    react(user=bo, message_id=hers.pk, emoji="👎")
    events.clear()
    undo(user=bo, token=delete_messages(user=bo, message_ids=[his.pk]))
    assert events.recipients("messageDeleted") == sorted([f"user.{bo.pk}", f"user.{ada.pk}"])
    assert events.recipients("messageRestored") == [f"user.{bo.pk}"]
    assert texts(api_for(ada), bo) == ["One", "Two"]
    events.clear()
    undo(user=ada, token=delete_messages(user=ada, message_ids=[hers.pk]))
    restored = {each.to: each.data for each in events if each.event == "messageRestored"}
    assert restored.keys() == {f"user.{bo.pk}", f"user.{ada.pk}"}
    assert "reactions" in restored[f"user.{bo.pk}"]
    assert "reactions" not in restored[f"user.{ada.pk}"]


def test_captions_stay_as_they_were(api_for: ApiFor, ada: User, bo: User) -> None:
    first, second = make_upload(bo).pk, make_upload(bo).pk
    captions = {first: "Land", second: "Sea"}
    sent = make_message(bo, ada, "Words", attachments=[first, second], captions=captions)
    edit_message(user=bo, message_id=sent.pk, text="Words", captions={first: "Coast"})
    client = api_for(ada)
    cursor = client.get("/api/messages/sync").json()["cursor"]
    block(user=ada, person=bo.pk)
    edit_message(user=bo, message_id=sent.pk, text="Words", captions={first: "worse"})
    edit_message(user=bo, message_id=sent.pk, text="worse", captions={first: "", second: "worse"})
    conversation = sent.conversation_id
    answers = [
        client.get(f"/api/messages/{bo.pk}").json(),
        client.get(f"/api/messages/sync?since={cursor}").json()["messages"],
        client.get(f"/api/conversations/{conversation}/shared?kind=files").json(),
    ]
    for [shown] in answers:
        assert shown["text"] == "Words"
        assert [each["caption"] for each in shown["attachments"]] == ["Coast", "Sea"]


def test_the_blocker_writes_nothing_there(api_for: ApiFor, ada: User, bo: User) -> None:
    mine = make_message(ada, bo, "Mine")
    client = api_for(ada)
    block(user=ada, person=bo.pk)
    refused = [
        client.post(f"/api/messages/send/{bo.pk}", {"text": "Hello"}),
        client.put(f"/api/messages/{mine.pk}", {"text": "Edited"}),
        client.put(f"/api/messages/{mine.pk}/reactions/👍"),
        client.put(f"/api/pins/{mine.pk}"),
    ]
    for answer in refused:
        assert answer.status_code == 403
        assert answer.json()["message"].startswith("You have blocked")
    assert client.delete(f"/api/messages/{mine.pk}").status_code == 200  # takes away
    assert texts(api_for(bo), ada) == []


def test_unblocked_they_go_on_without_what_was_written_meanwhile(
    api_for: ApiFor, ada: User, bo: User
) -> None:
    make_message(bo, ada, "One")
    block(user=ada, person=bo.pk)
    make_message(bo, ada, "Two")
    client = api_for(ada)
    for _time in range(2):
        assert client.delete(f"/api/blocks/{bo.pk}").json() == {"peerId": bo.pk}
    make_message(bo, ada, "Three")
    make_message(ada, bo, "Four")
    assert texts(client, bo) == ["One", "Three", "Four"]
    assert texts(api_for(bo), ada) == ["One", "Two", "Three", "Four"]
    block(user=ada, person=bo.pk)
    unblock(user=ada, person=bo.pk)
    make_message(bo, ada, "Five")
    assert texts(client, bo) == ["One", "Three", "Four", "Five"]
    chat = chat_with(client, bo)
    assert (chat.get("blocked"), chat["unreadCount"]) == (None, 1)


def test_what_was_unread_before_is_unread_again(api_for: ApiFor, ada: User, bo: User) -> None:
    make_message(bo, ada, "One")
    block(user=ada, person=bo.pk)
    make_message(bo, ada, "Two")
    unblock(user=ada, person=bo.pk)
    assert chat_with(api_for(ada), bo)["unreadCount"] == 1


@pytest.mark.parametrize("written", [0, 1, 3])
def test_somebody_who_has_not_written_yet(
    api_for: ApiFor, ada: User, bo: User, written: int
) -> None:
    client = api_for(ada)
    assert client.put(f"/api/blocks/{bo.pk}").status_code == 200
    for _number in range(written):
        assert api_for(bo).post(f"/api/messages/send/{ada.pk}", {"text": "Hi"}).status_code == 201
    assert client.get("/api/messages/chats").json() == []
    assert client.get(f"/api/messages/{bo.pk}").json() == []
    assert client.post(f"/api/messages/send/{bo.pk}", {"text": "Hi"}).status_code == 403
    unblock(user=ada, person=bo.pk)
    make_message(ada, bo, "Now")
    assert texts(client, bo) == ["Now"]
    assert len(texts(api_for(bo), ada)) == written + 1


def test_a_first_message_and_a_block_at_once() -> None:
    """One comes first: she sees it from then on or she does not, and never what comes later."""
    for _time in range(5):
        ada, bo = make_pair()
        calls: list[Callable[[], object]] = [
            partial(block, user=ada, person=bo.pk),
            partial(send_message, sender=bo, peer=ada.pk, text="First"),
        ]
        at_once(calls)
        later = make_message(bo, ada, "Later")
        assert find_message(ada, later.pk) is None
        assert later.conversation.key == direct_key(ada.pk, bo.pk)


def test_neither_sees_the_other_there(
    api_for: ApiFor, page_for: PageFor, ada: User, bo: User
) -> None:
    eve = make_user("Eve")
    group = make_group(eve, ada, bo)
    make_message(ada, bo)
    for person in (ada, bo, eve):
        leases().came(person.pk)
    record_online([ada.pk, bo.pk])
    block(user=ada, person=bo.pk)
    seen = {person: chat_with(api_for(person), peer) for person, peer in ((ada, bo), (bo, ada))}
    record_online([ada.pk, bo.pk])
    for viewer, other in ((ada, bo), (bo, ada)):
        assert online_seen_by(viewer.pk) == {viewer.pk, eve.pk}
        client = api_for(viewer)
        chat = chat_with(client, other)
        assert not chat["online"]
        assert chat["lastSeenAt"] <= timestamp(Block.objects.get().since)
        if viewer == bo:  # she was there when she blocked him
            assert chat["lastSeenAt"] == seen[viewer]["lastSeenAt"]
        members = client.get(f"/api/conversations/{group}/members").json()
        assert {each["_id"] for each in members if each["online"]} == {viewer.pk, eve.pk}
        header = page_for(viewer).get(f"/chat/{other.pk}/header").content.decode()
        assert "is-online" not in header
        assert "last seen" in header
    unblock(user=ada, person=bo.pk)
    assert ada.pk in online_seen_by(bo.pk)
    assert bo.pk in online_seen_by(ada.pk)


def test_groups_go_on_and_only_the_blocker_is_reminded(
    api_for: ApiFor, page_for: PageFor, ada: User, bo: User
) -> None:
    eve = make_user("Eve")
    group = make_group(eve, ada, bo)
    block(user=ada, person=bo.pk)
    send_message(sender=bo, peer=group, text="To all")
    send_message(sender=ada, peer=group, text="And me")
    for person in (ada, bo, eve):
        shown = [each["text"] for each in api_for(person).get(f"/api/messages/{group}").json()]
        assert shown[-2:] == ["To all", "And me"]
        details = page_for(person).get(f"/chat/{group}/details").content.decode()
        assert ("You have blocked" in details) is (person == ada)


def test_the_blocker_adds_them_to_no_group(
    api_for: ApiFor, page_for: PageFor, ada: User, bo: User
) -> None:
    """In the words of somebody who is banned."""
    block(user=ada, person=bo.pk)
    client, eve, banned = api_for(ada), make_user("Eve"), make_user("Zed")
    User.objects.filter(pk=banned.pk).update(banned_at=ada.created_at)
    group = make_group(ada, eve)
    for path in ("/api/groups", f"/api/groups/{group}/members"):
        answers = [
            client.post(path, {"name": "New", "people": [person.pk]}, format="json")
            for person in (bo, banned)
        ]
        assert [answer.status_code for answer in answers] == [400, 400]
        assert answers[0].content == answers[1].content
        assert "cannot be added" in answers[0].json()["message"]
    assert bo.pk not in page_for(ada).get("/groups/candidates?q=bo").content.decode()
    make_group(eve, ada, bo)  # a third person may


@pytest.mark.parametrize("shows_history", [True, False])
@pytest.mark.parametrize("was_there", [True, False])
def test_who_is_blocked_adds_the_blocker_who_is_gone_at_once(
    api_for: ApiFor, page_for: PageFor, events: Events, shows_history: bool, was_there: bool
) -> None:
    """Byte for byte what is told of somebody who leaves as soon as they are added."""
    told = []
    for is_blocked in (True, False):
        ada, bo, eve = make_user("Ada"), make_user("Bo"), make_user("Eve")
        group = make_group(bo, eve, *([ada] if was_there else ()), shows_history=shows_history)
        if was_there:
            remove_member(user=ada, group=group, person=ada.pk)
        send_message(sender=bo, peer=group, text="secret")
        if is_blocked:
            block(user=ada, person=bo.pk)
        hers, bo_is_told = api_for(ada), Told(bo, ada, api_for, events)
        before = hers.get("/api/messages/chats").json()
        cursor = hers.get("/api/messages/sync").json()["cursor"]
        events.clear()
        assert ada.pk in page_for(bo).get("/groups/candidates?q=ada").content.decode()
        added = bo_is_told.client.post(
            f"/api/groups/{group}/members", {"people": [ada.pk]}, format="json"
        )
        made = bo_is_told.client.post(
            "/api/groups", {"name": "New", "people": [ada.pk]}, format="json"
        )
        assert (added.status_code, made.status_code) == (200, 201)
        if is_blocked:
            assert not [each for each in events if each.to == f"user.{ada.pk}"]
            assert hers.get("/api/messages/chats").json() == before
            assert hers.get(f"/api/messages/sync?since={cursor}").json()["messages"] == []
            assert hers.get("/api/search?q=secret").json()["messages"] == []
            assert made.json()["memberCount"] == 1
        else:
            for key in (group, made.json()["_id"]):
                remove_member(user=ada, group=key, person=ada.pk)
        for key in (group, made.json()["_id"]):
            bo_is_told.note(bo_is_told.client.get(f"/api/groups/{key}"))
            bo_is_told.note(bo_is_told.client.get(f"/api/messages/{key}"))
            bo_is_told.note(bo_is_told.client.get(f"/api/conversations/{key}/members"))
        told.append(bo_is_told.told)
        if is_blocked:  # once that is over, they come like anybody
            unblock(user=ada, person=bo.pk)
            path = f"/api/groups/{group}/members"
            body = {"people": [ada.pk]}
            assert bo_is_told.client.post(path, body, format="json").status_code == 200
            send_message(sender=bo, peer=group, text="Welcome")
            assert "Welcome" in hers.get(f"/api/messages/{group}").content.decode()
            assert ("secret" in hers.get(f"/api/messages/{group}").content.decode()) is (
                shows_history
            )
    assert told[0] == told[1]


def test_each_goes_on_seeing_the_other_as_they_were(
    api_for: ApiFor, page_for: PageFor, ada: User, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    eve = make_user("Eve")
    group = make_group(eve, ada, bo)
    for sender, receiver in ((ada, bo), (bo, ada)):
        make_message(sender, receiver)
    for person in (ada, bo):
        update_profile(user=person, picture=coloured(50 if person == ada else 150))
        message = send_message(sender=person, peer=group, text="Here").record
    react(user=ada, message_id=message.id, emoji="👍")
    react(user=bo, message_id=message.id, emoji="👍")
    block(user=ada, person=bo.pk)
    people = {"Ada": ada, "Bo": bo}
    before = {key: person.picture for key, person in people.items()}
    for name, person in people.items():
        update_profile(user=person, full_name=f"{name} King", picture=coloured(len(name) * 40))
    monkeypatch.setattr(tidying, "GRACE_PERIOD", -timedelta(hours=1))
    for store in storage.stores():
        tidying.tidy(store, dry_run=False)
    for kept in before.values():
        assert Client().get(f"/media/profiles/{kept}").status_code == 200

    def told(viewer: User, name: str) -> set[str]:
        """The places that have the name or the picture of today."""
        client, page, person = api_for(viewer), page_for(viewer), people[name]
        conversation, seq = message.conversation_id, message.seq
        answers: dict[str, Any] = {
            "chats": client.get("/api/messages/chats"),
            "contacts": client.get("/api/messages/contacts"),
            "some contacts": client.get("/api/messages/contacts?limit=9"),
            "search": client.get(f"/api/search?q={name}"),
            "members": client.get(f"/api/conversations/{group}/members"),
            "reactions": client.get(f"/api/conversations/{conversation}/reactions?seq={seq}"),
            "receipts": client.get(f"/api/conversations/{conversation}/receipts?seq={seq}"),
            "contact list": page.get("/contacts"),
            "contacts found": page.get(f"/contacts?q={name}"),
            "page": page.get(f"/chat/{person.pk}"),
            "header": page.get(f"/chat/{person.pk}/header"),
            "details": page.get(f"/chat/{person.pk}/details"),
            "group": page.get(f"/chat/{group}"),
            "group details": page.get(f"/chat/{group}/details"),
            "authors": page.get(f"/groups/authors?ids={person.pk}"),
            "targets": page.get(f"/chats/targets?q={name}"),
        }
        if viewer == ada:
            answers["blocks"] = client.get("/api/blocks")
            answers["profile"] = page.get("/profile")
        texts = {place: answer.content.decode() for place, answer in answers.items()}
        unseen = {place for place, text in texts.items() if before[name] not in text}
        # Of their own message, and where whom one has blocked is not offered.
        assert unseen <= ({"receipts", "targets"} if viewer == ada else {"receipts"})
        new = (f"{name} King", person.picture)
        return {place for place, text in texts.items() if any(each in text for each in new)}

    assert told(bo, "Ada") == told(ada, "Bo") == set()
    members = api_for(eve).get(f"/api/conversations/{group}/members").content.decode()
    assert "Ada King" in members
    assert "Bo King" in members
    assert "Ada King" in api_for(ada).get("/api/auth/check").content.decode()
    unblock(user=ada, person=bo.pk)
    assert "Ada King" in api_for(bo).get("/api/messages/chats").content.decode()


def test_neither_is_found_by_what_is_new(
    api_for: ApiFor, page_for: PageFor, ada: User, bo: User
) -> None:
    SitePolicy.objects.create(shows_addresses=True)
    eve = make_user("Eve")
    group = make_group(eve, ada, bo)
    for person in (ada, bo):
        update_profile(user=person, username=f"{person.full_name}_old")
    old = {person.pk: (person.full_name, person.username, person.email) for person in (ada, bo)}
    block(user=ada, person=bo.pk)
    new = {ada.pk: ("Zoe", "zoe_new", "zoe@x.example"), bo.pk: ("Yan", "yan_new", "y@x.example")}
    for person in (ada, bo):
        name, username, email = new[person.pk]
        update_profile(user=person, full_name=name, username=username)
        User.objects.filter(pk=person.pk).update(email=email)

    def finds(viewer: User, other: User, name: str, username: str, email: str) -> set[bool]:
        client, page = api_for(viewer), page_for(viewer)
        contacts, members = "/api/messages/contacts", f"/api/conversations/{group}/members"
        answers: list[Any] = [
            *(client.get(contacts, {"search": each}) for each in (name, f"@{username}", email)),
            client.get(contacts, {"search": f"{email[:4]} {name}"}),
            client.get(contacts, {"search": name, "limit": "5"}),
            client.get(members, {"search": name}),
            client.get("/api/search", {"q": name}),
            client.get(f"/api/usernames/{username}"),
            page.get("/contacts/rows", {"q": email}),
        ]
        details = page.get(f"/chat/{other.pk}/details").content.decode()
        everybody = [each["email"] for each in client.get(contacts).json()]
        return {
            *(other.pk in answer.content.decode() for answer in answers),
            page.get(f"/u/{username}").status_code == 302,
            f"@{username}" in details,
            email in everybody,
        }

    for viewer, other in ((ada, bo), (bo, ada)):
        assert finds(viewer, other, *old[other.pk]) == {True}
        assert finds(viewer, other, *new[other.pk]) == {False}
        assert finds(eve, other, *new[other.pk]) == {True}
        assert finds(eve, other, *old[other.pk]) == {False}
    unblock(user=ada, person=bo.pk)
    assert finds(bo, ada, *new[ada.pk]) == {True}
    assert finds(bo, ada, *old[ada.pk]) == {False}


def test_nobody_has_another_place_in_lists(page_for: PageFor, ada: User, bo: User) -> None:
    cy, dee = make_user("Cy"), make_user("Dee")
    group = make_group(cy, ada, bo, dee)
    block(user=ada, person=bo.pk)
    update_profile(user=ada, full_name="Zoe")
    for viewer, names in ((bo, ["Ada", "Cy", "Dee"]), (dee, ["Bo", "Cy", "Zoe"])):
        cursor = ""
        for name in names:
            found = contacts_page(viewer, limit=1, cursor=cursor)
            assert [each.full_name for each in found.people] == [name]
            cursor = found.cursor
            assert not cursor or decode_cursor(cursor)[0] == name.lower()
        members = members_page(viewer, group, limit=9).members
        everybody = sorted([*names, viewer.full_name])
        assert [each.person.full_name for each in members] == everybody
        header = page_for(viewer).get(f"/chat/{group}/header").content.decode()
        assert header.index(names[0]) < header.index(names[1]) < header.index(names[2])


def test_the_system_calls_nobody_by_a_new_name(
    api_for: ApiFor, page_for: PageFor, ada: User, bo: User, events: Events
) -> None:
    eve = make_user("Eve")
    update_profile(user=ada, full_name="Adele")
    group = make_group(ada, bo, eve)
    update_profile(user=ada, full_name="Ada")
    block(user=ada, person=bo.pk)
    cursor = sync_cursor(bo)
    update_profile(user=ada, full_name="Zoe")
    update_profile(user=bo, full_name="Yan")
    events.clear()
    set_role(user=ada, group=group, person=bo.pk, role=Role.ADMIN)

    def plain(text: str | None) -> str:
        return (text or "").translate({0x2068: None, 0x2069: None})

    told = {
        ada: "Zoe made Bo an admin",
        bo: "Ada made Yan an admin",
        eve: "Zoe made Yan an admin",
    }
    live = {each.to: each.data for each in events if each.event == "newMessage"}
    assert len(events.recipients("newMessage")) == len(live) == 3
    for viewer, words in told.items():
        created = history(viewer, group, before=None, limit=9)[0]
        assert plain(created.text) == "Adele created the group “Friends”"  # as it was
        client, data = api_for(viewer), live[f"user.{viewer.pk}"]
        assert plain(data["text"]) == words
        names = [each["fullName"] for each in (data["system"]["by"], *data["system"]["people"])]
        assert names == [words.split()[0], words.split()[2]]
        [last] = client.get(f"/api/messages/{group}?limit=1").json()
        assert (last["text"], last["system"]) == (data["text"], data["system"])
        assert chat_with(client, group)["lastMessage"] == last
        assert plain(page_for(viewer).get(f"/chat/{group}").content.decode()).count(words) >= 1
        *_others, exported = next(iter(history_oldest_first(viewer, group, limit=9)))
        assert plain(exported.text) == words
    [changed] = changes_since(bo, cursor).messages
    assert plain(changed.text) == told[bo]
    unblock(user=ada, person=bo.pk)
    assert plain(history(bo, group, before=None, limit=1)[0].text) == told[eve]


def test_the_list(api_for: ApiFor, page_for: PageFor, ada: User, bo: User) -> None:
    client = api_for(ada)
    since = set()
    for _time in range(2):
        client.put(f"/api/blocks/{bo.pk}")
        since.add(Block.objects.get().since)
    assert len(since) == 1
    [listed] = client.get("/api/blocks").json()
    assert listed.keys() == {"personId", "fullName", "profilePic", "since"}
    assert (listed["personId"], listed["fullName"]) == (bo.pk, "Bo")
    assert api_for(bo).get("/api/blocks").json() == []
    page = page_for(ada)
    assert f"/profile/blocks/{bo.pk}" in page.get("/profile").content.decode()
    page.post(f"/profile/blocks/{bo.pk}")
    assert client.get("/api/blocks").json() == []
    bo.delete()


def test_so_many_an_hour(
    api_for: ApiFor, ada: User, bo: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every worker reads them again: nobody blocks and unblocks all day."""
    monkeypatch.setattr("messaging.services.blocks.BLOCKS_PER_HOUR", 2)
    client = api_for(ada)
    for _time in range(2):
        assert client.put(f"/api/blocks/{bo.pk}").status_code == 200
        assert client.put(f"/api/blocks/{bo.pk}").status_code == 200  # nothing happens
        assert client.delete(f"/api/blocks/{bo.pk}").status_code == 200
    assert client.put(f"/api/blocks/{bo.pk}").status_code == 429
    assert not Block.objects.exists()
    assert api_for(bo).put(f"/api/blocks/{ada.pk}").status_code == 200


@pytest.mark.parametrize("who", ["self", "nobody", "no key"])
def test_refusals(api_for: ApiFor, ada: User, who: str) -> None:
    key = {"self": ada.pk, "nobody": "0" * 24, "no key": "me"}[who]
    answer = api_for(ada).put(f"/api/blocks/{key}")
    assert answer.status_code == (409 if who == "self" else 404)
    assert not Block.objects.exists()


def test_one_too_many(ada: User, bo: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("messaging.services.blocks.BLOCKS", 1)
    block(user=ada, person=bo.pk)
    with pytest.raises(DomainError):
        block(user=ada, person=make_user("Eve").pk)


def test_a_message_between_others_takes_no_query_more(ada: User, bo: User) -> None:
    make_message(ada, bo)

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            send_message(sender=ada, peer=bo.pk, text="Hello")
        return len(asked)

    before = queries()
    block(user=make_user("Eve"), person=ada.pk)
    assert queries() == before
