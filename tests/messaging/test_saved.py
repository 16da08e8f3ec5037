"""Saved messages: a chat with oneself, which nobody else has any way into."""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from accounts.models import User
from chatsite.errors import DomainError
from messaging.models import (
    Conversation,
    Kind,
    Membership,
    Message,
    MessageEdit,
    Reaction,
    saved_key,
)
from messaging.queries.chats import chats_of
from messaging.queries.history import history
from messaging.queries.sync import changes_since, sync_cursor
from messaging.recipients import user_group
from messaging.services.chat_settings import change_chat, save_draft
from messaging.services.conversations import mark_delivered, mark_read
from messaging.services.deletions import clear_chat, delete_messages, undo
from messaging.services.edits import edit_message
from messaging.services.forwarding import forward_messages
from messaging.services.groups import add_members, change_group, remove_member, set_role
from messaging.services.messages import send_message
from messaging.services.pins import pin
from messaging.services.reactions import react
from messaging.shapes.record import MessageRecord
from tests.concurrency import at_once
from tests.contract.shapes import CHAT, SETTINGS, assert_person, assert_refused
from tests.factories import ApiFor, make_group, make_message, make_pair, make_user
from tests.pictures import data_uri, picture
from tests.recording import Events

pytestmark = pytest.mark.django_db

PageFor = Callable[[User], Client]
SECRET = "the ladder is behind the shed"


def save(user: User, text: str = SECRET, **fields: Any) -> MessageRecord:
    return send_message(sender=user, peer=saved_key(user.pk), text=text, **fields).record


def texts(user: User) -> list[str | None]:
    page = history(user, saved_key(user.pk), before=None, limit=50)
    return [record.text for record in page]


class TestSaving:
    def test_the_first_message_makes_the_chat(self, events: Events) -> None:
        ada = make_user()
        record = save(ada)
        conversation = Conversation.objects.get()
        assert (conversation.pk, conversation.kind) == (saved_key(ada.pk), Kind.SAVED)
        assert (conversation.member_count, conversation.title) == (1, "")
        assert list(Membership.objects.values_list("user_id", flat=True)) == [ada.pk]
        assert (record.sender_id, record.receiver_id, record.seq) == (ada.pk, conversation.pk, 1)
        assert record.conversation_id == conversation.pk
        # All their devices, and nobody else; nothing is told of a group, nor of reading.
        assert {(each.event, each.to) for each in events} == {("newMessage", user_group(ada.pk))}
        assert save(ada, "more").seq == 2
        assert texts(ada) == [SECRET, "more"]

    @pytest.mark.django_db(transaction=True)
    def test_two_that_begin_it_at_once_begin_one(self) -> None:
        for _round in range(5):
            ada = make_user()
            records = at_once([partial(save, ada, text) for text in ("one", "two", "three")])
            assert {record.conversation_id for record in records} == {saved_key(ada.pk)}
            assert sorted(record.seq for record in records) == [1, 2, 3]
            assert Membership.objects.filter(conversation=saved_key(ada.pk)).count() == 1

    def test_one_client_message_id_saves_once(self) -> None:
        ada = make_user()
        first, again = (save(ada, client_message_id="c-1") for _time in range(2))
        assert first == again
        assert Message.objects.count() == 1

    def test_messages_are_saved_by_forwarding_them_with_their_pictures(self) -> None:
        ada, bo = make_pair()
        theirs = make_message(bo, ada, "look", image=picture())
        forwarded = forward_messages(
            user=ada, message_ids=[theirs.pk], to=[saved_key(ada.pk)], client_message_id="c-1"
        )
        assert not forwarded.refused
        [record] = history(ada, saved_key(ada.pk), before=None, limit=50)
        assert (record.text, record.forwarded, record.sender_id) == ("look", True, ada.pk)
        assert record.image

    def test_a_picture_can_be_the_first(self) -> None:
        assert save(make_user(), "", image=picture()).image

    def test_nothing_is_ever_unread(self) -> None:
        ada = make_user()
        assert mark_read(user=ada, peer=saved_key(ada.pk), seq=1) == 0
        save(ada)
        save(ada)
        mark_delivered(user=ada, peer=saved_key(ada.pk), seq=2)
        [chat] = chats_of(ada)
        assert (chat.unread_count, chat.last_read_seq, chat.last_seq) == (0, 2, 2)

    def test_all_that_can_be_done_with_messages_works(self, events: Events) -> None:
        ada = make_user()
        record = save(ada)
        since = sync_cursor(ada)
        pin(user=ada, message_id=record.id)
        react(user=ada, message_id=record.id, emoji="👍")
        edit_message(user=ada, message_id=record.id, text="better", mentions=[ada.pk])
        save(ada, "answer", reply_to=record.id)
        save_draft(user=ada, peer=saved_key(ada.pk), text="begun", reply_to="")
        change_chat(user=ada, peer=saved_key(ada.pk), pinned=True)
        changes = changes_since(ada, since)
        assert [each.text for each in changes.messages] == ["better", "answer"]
        [chat] = changes.chats
        assert chat.is_saved
        assert chat.settings.pinned_at
        assert chat.settings.draft
        assert {each.to for each in events} == {user_group(ada.pk)}

    def test_it_comes_out_of_the_archive_with_the_next_message(self) -> None:
        ada = make_user()
        save(ada)
        change_chat(user=ada, peer=saved_key(ada.pk), archived=True)
        assert chats_of(ada)[0].settings.archived
        save(ada)
        assert not chats_of(ada)[0].settings.archived


class TestDeleting:
    def test_a_message_goes_and_comes_back(self) -> None:
        ada = make_user()
        record = save(ada)
        for whom in ("me", "everybody"):
            token = delete_messages(user=ada, message_ids=[record.id], whom=whom)
            assert texts(ada) == []
            undo(user=ada, token=token)
            assert texts(ada) == [SECRET]

    def test_the_chat_leaves_the_list_until_there_is_more(self) -> None:
        ada = make_user()
        save(ada)
        change_chat(user=ada, peer=saved_key(ada.pk), pinned=True)
        clear_chat(user=ada, peer=saved_key(ada.pk))
        assert chats_of(ada) == []
        save(ada, "more")
        [chat] = chats_of(ada)
        assert not chat.settings.pinned_at
        assert texts(ada) == ["more"]

    def test_all_goes_with_the_account_and_nothing_of_others(self) -> None:
        ada, bo = make_pair()
        group = make_group(ada, bo)
        record = save(ada, image=picture())
        save(ada, "an answer", reply_to=record.id)
        edit_message(user=ada, message_id=record.id, text="better")
        react(user=ada, message_id=record.id, emoji="👍")
        save(bo, "of Bo")
        key = saved_key(ada.pk)
        ada.delete()
        assert not Conversation.objects.filter(pk=key).exists()
        for rows in (Message.objects, Membership.objects):
            assert not rows.filter(conversation_id=key).exists()
        assert not MessageEdit.objects.exists()
        assert not Reaction.objects.exists()
        assert texts(bo) == ["of Bo"]
        assert Message.objects.filter(conversation=group).exists()

    def test_an_account_without_any_can_be_deleted(self) -> None:
        make_user().delete()
        assert not User.objects.exists()


class TestChats:
    def test_it_is_in_the_list_once_something_was_saved(self, api_for: ApiFor) -> None:
        ada = make_user()
        client = api_for(ada)
        assert client.get("/api/messages/chats").json() == []
        assert client.get(f"/api/messages/{saved_key(ada.pk)}").json() == []
        save(ada)
        [chat] = client.get("/api/messages/chats").json()
        assert set(chat) - SETTINGS == CHAT | {"isSaved"}
        assert_person(chat)
        expected: dict[str, Any] = {
            "_id": saved_key(ada.pk),
            "fullName": "Saved messages",
            "email": "",
        }
        expected |= {"isGroup": True, "isSaved": True, "memberCount": 1, "role": "member"}
        expected |= {"canPost": True, "unreadCount": 0, "online": False}
        assert {name: chat[name] for name in expected} == expected
        drawn = client.get(chat["profilePic"])
        assert drawn.headers["Content-Type"] == "image/svg+xml"

    def test_other_chats_say_nothing_of_it(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        make_message(ada, bo)
        make_group(ada, bo)
        assert all("isSaved" not in chat for chat in api_for(ada).get("/api/messages/chats").json())

    def test_one_cannot_send_to_ones_own_key(self, api_for: ApiFor) -> None:
        ada = make_user()
        save(ada)
        for key in (ada.pk, saved_key(ada.pk)[1:]):
            sent = api_for(ada).post(f"/api/messages/send/{key}", {"text": "Hi"})
            if key == ada.pk:
                assert_refused(sent, 400, "Cannot send messages to yourself.")
            else:
                assert_refused(sent, 404, "Receiver not found.")
        assert Message.objects.count() == 1


class TestPage:
    def test_shows_it_before_and_after(self, page_for: PageFor) -> None:
        ada = make_user()
        page = page_for(ada)
        address = f"/chat/{saved_key(ada.pk)}"
        assert "Write yourself a note" in page.get(address).text
        save(ada)
        shown = page.get(address).text
        assert SECRET in shown
        assert SECRET in page.get("/").text
        assert SECRET in page.get(f"{address}/older").text

    def test_an_address_of_its_own_leads_there(self, page_for: PageFor, client: Client) -> None:
        ada = make_user()
        answered = page_for(ada).get("/chat/saved")
        assert (answered.status_code, answered["Location"]) == (302, f"/chat/{saved_key(ada.pk)}")
        assert client.get("/chat/saved")["Location"].startswith("/login")

    def test_contacts_have_it_on_top_of_their_first_page(self, page_for: PageFor) -> None:
        ada = make_user("Ada Lind")
        page, row = page_for(ada), f'id="contacts-{saved_key(ada.pk)}"'
        alone = page.get("/contacts").text
        assert row in alone
        assert "You are the first one here" in alone
        assert row in page.get("/contacts/rows?q=lind").text
        found = page.get("/contacts/rows?q=saved").text
        assert row in found
        assert "Nobody" not in found
        for query in ("q=weber", "page=2"):
            assert row not in page.get(f"/contacts/rows?{query}").text

    def test_it_is_not_among_the_groups(self, page_for: PageFor) -> None:
        ada = make_user()
        save(ada)
        for folder, is_there in (("", True), ("groups", False), ("unread", False)):
            shown = page_for(ada).get(f"/?show={folder}").text
            hidden = f'<li hidden>\n  <a class="row is-saved" id="chats-{saved_key(ada.pk)}"'
            assert (hidden not in shown) is is_there


class TestItIsNoGroup:
    """Whoever it is."""

    @pytest.fixture(params=["its person", "somebody else"])
    def person(self, request: pytest.FixtureRequest, ada: User, bo: User) -> User:
        return ada if request.param == "its person" else bo

    @pytest.fixture
    def ada(self) -> User:
        ada = make_user("Ada")
        save(ada)
        return ada

    @pytest.fixture
    def bo(self) -> User:
        return make_user("Bo")

    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("get", "", {}),
            *(("patch", "", {name: "X"}) for name in ("name", "description")),
            *(("patch", "", {"picture": each}) for each in ("", data_uri(picture()))),
            ("patch", "", {"posting": "admins"}),
            ("patch", "", {"showsHistory": True}),
            ("post", "/members", {"people": []}),
            ("post", "/members", {"people": ["{zoe}"]}),
            ("delete", "/members/{ada}", {}),
            ("delete", "/members/{bo}", {}),
            *(("patch", "/members/{ada}", {"role": role}) for role in ("owner", "admin")),
            ("patch", "/members/{bo}", {"role": "owner"}),
        ],
    )
    def test_no_call_of_groups_knows_it(
        self,
        api_for: ApiFor,
        ada: User,
        bo: User,
        person: User,
        method: str,
        path: str,
        body: dict[str, Any],
    ) -> None:
        before = list(Conversation.objects.values()), list(Membership.objects.values())
        if body.get("people"):
            body = {"people": [make_user("Zoe").pk]}
        url = f"/api/groups/{saved_key(ada.pk)}{path.format(ada=ada.pk, bo=bo.pk)}"
        answered = getattr(api_for(person), method)(url, body)
        assert_refused(answered, 404, "No such group.")
        assert (list(Conversation.objects.values()), list(Membership.objects.values())) == before
        assert Message.objects.count() == 1

    def test_nor_does_any_service(self, ada: User, bo: User, person: User) -> None:
        group = saved_key(ada.pk)
        calls: list[Callable[[], object]] = [
            partial(change_group, user=person, group=group, title="X"),
            partial(change_group, user=person, group=group, picture=picture()),
            partial(add_members, user=person, group=group, people=[make_user().pk]),
            partial(remove_member, user=person, group=group, person=ada.pk),
            partial(remove_member, user=person, group=group, person=person.pk),
            partial(set_role, user=person, group=group, person=ada.pk, role="owner"),
        ]
        for call in calls:
            with pytest.raises(DomainError) as refused:
                call()
            assert refused.value.status == 404

    @pytest.mark.parametrize("part", ["members", "edit", "add"])
    def test_it_has_no_page_of_a_group(
        self, page_for: PageFor, ada: User, person: User, part: str
    ) -> None:
        page = page_for(person)
        assert page.get(f"/chat/{saved_key(ada.pk)}/{part}").status_code == 404
        assert page.get(f"/groups/candidates?group={saved_key(ada.pk)}").status_code == 404


class TestSomebodyElse:
    @pytest.fixture(params=[True, False], ids=["begun", "not begun"])
    def peer(self, request: pytest.FixtureRequest) -> str:
        """Which looks the same to them whether or not there is anything."""
        ada = make_user("Ada")
        if request.param:
            save(ada, image=picture())
        return saved_key(ada.pk)

    @pytest.mark.parametrize(
        ("method", "path", "body", "status"),
        [
            ("get", "messages/{peer}", {}, 404),
            ("post", "messages/send/{peer}", {"text": "Hi"}, 404),
            ("put", "messages/read/{peer}", {"seq": 1}, 404),
            ("put", "messages/delivered/{peer}", {"seq": 1}, 404),
            ("patch", "messages/chats/{peer}", {"pinned": True}, 404),
            ("delete", "messages/chats/{peer}", {}, 404),
            ("put", "messages/chats/{peer}/draft", {"text": "x"}, 404),
            ("get", "conversations/{peer}/members", {}, 404),
            ("get", "conversations/{peer}/receipts?seq=1", {}, 404),
            ("get", "conversations/{peer}/reactions?seq=1", {}, 404),
            ("get", "conversations/{peer}/pins", {}, 404),
            ("get", "conversations/{peer}/shared?kind=links", {}, 404),
        ],
    )
    def test_has_no_way_in_by_the_api(
        self,
        api_for: ApiFor,
        peer: str,
        events: Events,
        method: str,
        path: str,
        body: dict[str, Any],
        status: int,
    ) -> None:
        before = list(Conversation.objects.values()), list(Message.objects.values())
        client = api_for(make_user("Eve"))
        answered = getattr(client, method)(f"/api/{path.format(peer=peer)}", body)
        assert answered.status_code == status
        assert SECRET not in answered.text
        assert (list(Conversation.objects.values()), list(Message.objects.values())) == before
        assert not list(events)

    @pytest.mark.parametrize(
        "part", ["", "/older", "/quotes", "/since?date=2026-01-01", "/header", "/pins"]
    )
    def test_nor_by_the_page(self, page_for: PageFor, peer: str, part: str) -> None:
        assert page_for(make_user("Eve")).get(f"/chat/{peer}{part}").status_code == 404

    def test_reaches_no_message_in_it(self, api_for: ApiFor) -> None:
        ada, eve = make_pair()
        record = save(ada, image=picture())
        client, theirs = api_for(eve), f"/api/messages/{record.id}"
        before = list(Message.objects.values())
        mine = make_message(eve, ada)
        forward = {"messageIds": [record.id], "to": [ada.pk], "clientMessageId": "c-1"}
        reply = {"text": "Hi", "replyTo": record.id}
        for answered in (
            client.delete(theirs),
            client.delete(f"{theirs}?for=me"),
            client.put(theirs, {"text": "X"}),
            client.put(f"{theirs}/reactions/👍"),
            client.put(f"/api/pins/{record.id}"),
            client.post("/api/messages/deletions", {"messageIds": [record.id]}),
            client.post("/api/messages/forward", forward),
        ):
            assert answered.status_code == 404
        assert client.post(f"/api/messages/send/{ada.pk}", reply).status_code == 400
        assert list(Message.objects.exclude(pk=mine.pk).values()) == before
        for address in (record.image, record.thumbnail):
            path = urlsplit(address or "").path
            assert client.get(path).status_code == 404
            assert api_for(ada).get(path).status_code == 200

    def test_is_told_of_nothing_by_sync(self) -> None:
        ada, eve = make_pair()
        make_message(ada, eve)
        since = sync_cursor(eve)
        save(ada)
        changes = changes_since(eve, since)
        assert (changes.messages, changes.chats) == ([], [])

    def test_sees_nothing_where_their_own_would_be(self, api_for: ApiFor) -> None:
        """Should a group ever have the key that their saved messages would have."""
        ada, eve = make_pair()
        group = make_group(ada)
        taken = Conversation.objects.get(pk=group)
        Conversation.objects.filter(pk=group).delete()
        taken.pk, taken.key, taken.last_message = (
            saved_key(eve.pk),
            f"group:{saved_key(eve.pk)}",
            None,
        )
        taken.save(force_insert=True)
        Membership.objects.create(conversation=taken, user=ada)
        send_message(sender=ada, peer=taken.pk, text=SECRET)
        client = api_for(eve)
        assert client.get(f"/api/messages/{taken.pk}").json() == []
        assert client.post(f"/api/messages/send/{taken.pk}", {"text": "Hi"}).status_code == 404
        assert client.get("/api/messages/chats").json() == []
        assert client.put(f"/api/messages/read/{taken.pk}", {"seq": 1}).json() == {"seq": 0}
        eve.delete()
        assert Message.objects.filter(conversation=taken).exists()
