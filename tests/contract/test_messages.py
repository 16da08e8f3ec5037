"""Sending, deleting and marking as read, each with all its answers."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from messaging.models import Message
from tests.contract.shapes import (
    NO_TOKEN,
    NOT_KEYS,
    SETTINGS,
    TIME,
    assert_chat,
    assert_message,
    assert_refused,
)
from tests.factories import ApiFor, make_message, make_messages, make_pair, make_user
from tests.pictures import data_uri, picture

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "contacts"),
        ("get", "chats"),
        ("get", "sync"),
        ("get", "{peer}"),
        ("post", "send/{peer}"),
        ("put", "read/{peer}"),
        ("patch", "chats/{peer}"),
        ("delete", "{peer}"),
        ("delete", "chats/{peer}"),
        ("post", "deletions"),
        ("post", "deletions/undo"),
    ],
)
def test_without_a_token_everything_is_401(method: str, path: str) -> None:
    url = f"/api/messages/{path.format(peer=make_user().pk)}"
    assert_refused(getattr(APIClient(), method)(url), 401, NO_TOKEN)


class TestSend:
    def test_answers_201_with_the_message(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        body = {"text": "Hello Bo", "clientMessageId": "c-1"}
        response = api_for(ada).post(f"/api/messages/send/{bo.pk}", body)
        message = response.json()
        assert response.status_code == 201
        assert_message(message)
        assert message["senderId"] == ada.pk
        assert message["receiverId"] == bo.pk
        assert message["text"] == "Hello Bo"
        assert message["clientMessageId"] == "c-1"
        assert message["deleted"] is False
        assert message["seq"] == 1
        for absent in ("image", "imageWidth", "imageHeight", "thumbnail"):
            assert message[absent] is None

    @pytest.mark.parametrize("absent", [None, ""])
    def test_takes_null_and_nothing_as_absent(self, api_for: ApiFor, absent: str | None) -> None:
        ada, bo = make_pair()
        body = {"text": "Hi", "image": absent, "clientMessageId": absent}
        response = api_for(ada).post(f"/api/messages/send/{bo.pk}", body)
        assert response.status_code == 201
        assert response.json()["image"] is response.json()["clientMessageId"] is None

    def test_takes_a_picture_alone(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        client = api_for(ada)
        body = {"image": data_uri(picture(40, 20))}
        message = client.post(f"/api/messages/send/{bo.pk}", body).json()
        assert_message(message)
        assert message["text"] is None
        assert (message["imageWidth"], message["imageHeight"]) == (40, 20)
        for name in ("image", "thumbnail"):
            assert message[name].startswith(f"/media/messages/{message['_id']}/")
            assert client.get(message[name]).headers["Content-Type"] == "image/webp"

    def test_links_to_pictures_in_full_once_the_site_has_an_address(
        self, api_for: ApiFor, settings: Any
    ) -> None:
        settings.PUBLIC_URL = "https://chat.example.org"
        ada, bo = make_pair()
        body = {"image": data_uri(picture())}
        message = api_for(ada).post(f"/api/messages/send/{bo.pk}", body).json()
        for name in ("image", "thumbnail"):
            assert message[name].startswith("https://chat.example.org/media/messages/")

    def test_takes_multipart(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        file = SimpleUploadedFile("holiday.png", picture())
        body = {"text": "Look", "image": file, "clientMessageId": "c-1"}
        response = api_for(ada).post(f"/api/messages/send/{bo.pk}", body, format="multipart")
        assert response.status_code == 201
        assert response.json()["text"] == "Look"
        assert response.json()["image"]
        assert response.json()["clientMessageId"] == "c-1"

    def test_again_is_200_and_the_first_message(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        client, url = api_for(ada), f"/api/messages/send/{bo.pk}"
        first = client.post(url, {"text": "Hi", "clientMessageId": "c-1"})
        again = client.post(url, {"text": "Hi again", "clientMessageId": "c-1"})
        assert (first.status_code, again.status_code) == (201, 200)
        assert again.json() == first.json()
        assert Message.objects.count() == 1

    def test_again_after_the_deletion_is_200_and_the_tombstone(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        client, url = api_for(ada), f"/api/messages/send/{bo.pk}"
        first = client.post(url, {"text": "Hi", "clientMessageId": "c-1"}).json()
        client.delete(f"/api/messages/{first['_id']}")
        again = client.post(url, {"text": "Hi", "clientMessageId": "c-1"})
        assert again.status_code == 200
        assert (again.json()["_id"], again.json()["deleted"]) == (first["_id"], True)
        assert again.json()["text"] is None

    def test_again_to_another_person_is_409(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        client, body = api_for(ada), {"text": "Hi", "clientMessageId": "c-1"}
        client.post(f"/api/messages/send/{bo.pk}", body)
        assert_refused(client.post(f"/api/messages/send/{make_user().pk}", body), 409)
        assert Message.objects.count() == 1

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            ({}, "Text or image is required."),
            ({"text": ""}, "Text or image is required."),
            ({"text": None, "image": None}, "Text or image is required."),
            ({"text": " \n\t\u2003"}, "Text or image is required."),
            ({"text": "x" * 10_001}, "The text is too long: at most 10,000 characters."),
            ({"text": 7}, None),
            ({"text": "a\x00b"}, None),
            ({"image": "https://example.org/a.png"}, None),
            ({"image": "data:image/png;base64,AAAA"}, None),
            ({"image": "data:text/html;base64,PGI+"}, None),
            ({"text": "Hi", "clientMessageId": "a b"}, None),
            ({"text": "Hi", "clientMessageId": "x" * 65}, None),
        ],
    )
    def test_refuses_with_400(
        self, api_for: ApiFor, body: dict[str, Any], message: str | None
    ) -> None:
        ada, bo = make_pair()
        response = api_for(ada).post(f"/api/messages/send/{bo.pk}", body)
        assert_refused(response, 400, message)
        assert set(response.json().get("errors", {})) <= set(body)
        assert not Message.objects.exists()

    def test_to_myself_is_400(self, api_for: ApiFor) -> None:
        ada = make_user()
        response = api_for(ada).post(f"/api/messages/send/{ada.pk}", {"text": "Hi"})
        assert_refused(response, 400, "Cannot send messages to yourself.")

    @pytest.mark.parametrize("key", [*NOT_KEYS, "0" * 24])
    def test_to_nobody_is_404(self, api_for: ApiFor, key: str) -> None:
        response = api_for(make_user()).post(f"/api/messages/send/{key}", {"text": "Hi"})
        assert_refused(response, 404, "Receiver not found.")


class TestDelete:
    def test_answers_200_and_again(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        message, client = make_message(ada, bo), api_for(ada)
        for _again in range(2):
            response = client.delete(f"/api/messages/{message.pk}")
            assert response.status_code == 200
            assert response.json() == {"success": True, "message": "Message deleted successfully"}

    def test_of_what_the_other_wrote_is_403(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        message = make_message(ada, bo)
        assert_refused(api_for(bo).delete(f"/api/messages/{message.pk}"), 403)
        assert not Message.objects.get().deleted

    def test_of_what_strangers_wrote_is_404(self, api_for: ApiFor) -> None:
        message = make_message()
        assert_refused(api_for(make_user()).delete(f"/api/messages/{message.pk}"), 404)
        assert not Message.objects.get().deleted

    @pytest.mark.parametrize("key", [*NOT_KEYS, "0" * 24])
    def test_of_nothing_is_404(self, api_for: ApiFor, key: str) -> None:
        assert_refused(api_for(make_user()).delete(f"/api/messages/{key}"), 404)


@pytest.mark.parametrize("noun", ["read", "delivered"])
class TestMarks:
    @pytest.mark.parametrize(("seq", "mark"), [(2, 2), (3, 3), (99, 3), (0, 0)])
    def test_answers_with_my_mark_clamped(
        self, noun: str, api_for: ApiFor, seq: int, mark: int
    ) -> None:
        ada, bo = make_pair()
        make_messages(ada, bo, 3)
        response = api_for(bo).put(f"/api/messages/{noun}/{ada.pk}", {"seq": seq})
        assert response.status_code == 200
        assert response.json() == {"seq": mark}

    def test_never_lowers_it(self, noun: str, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        make_messages(ada, bo, 3)
        client, url = api_for(bo), f"/api/messages/{noun}/{ada.pk}"
        client.put(url, {"seq": 3})
        assert client.put(url, {"seq": 1}).json() == {"seq": 3}

    def test_is_0_where_nothing_was_said(self, noun: str, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        assert api_for(bo).put(f"/api/messages/{noun}/{ada.pk}", {"seq": 5}).json() == {"seq": 0}

    @pytest.mark.parametrize("body", [{}, {"seq": -1}, {"seq": "x"}, {"seq": None}, {"seq": 1.5}])
    def test_refuses_a_bad_seq(self, noun: str, api_for: ApiFor, body: dict[str, Any]) -> None:
        ada, bo = make_pair()
        assert_refused(api_for(bo).put(f"/api/messages/{noun}/{ada.pk}", body), 400)

    @pytest.mark.parametrize("key", [*NOT_KEYS, "0" * 24])
    def test_of_nobody_is_404(self, noun: str, api_for: ApiFor, key: str) -> None:
        response = api_for(make_user()).put(f"/api/messages/{noun}/{key}", {"seq": 1})
        assert_refused(response, 404)


class TestRead:
    def test_is_not_done_by_reading_the_history(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        make_message(ada, bo)
        client = api_for(bo)
        client.get(f"/api/messages/{ada.pk}")
        [chat] = client.get("/api/messages/chats").json()
        assert chat["unreadCount"] == 1


class TestChatSettings:
    def test_answer_what_is_set(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        make_message(ada, bo)
        client, url = api_for(bo), f"/api/messages/chats/{ada.pk}"
        response = client.patch(url, {"pinned": True, "mute": "always", "markedUnread": True})
        assert response.status_code == 200
        settings = response.json()
        assert TIME.fullmatch(settings.pop("pinnedAt"))
        assert settings == {
            "peerId": ada.pk,
            "mutedUntil": "9999-12-31T00:00:00.000Z",
            "markedUnread": True,
        }
        [chat] = client.get("/api/messages/chats").json()
        assert_chat(chat)
        assert {name: chat[name] for name in SETTINGS & set(chat)} == {
            name: value for name, value in client.patch(url, {}).json().items() if name != "peerId"
        }
        nothing = {"pinned": False, "mute": "off", "markedUnread": False, "archived": None}
        assert client.patch(url, nothing).json() == {"peerId": ada.pk}
        assert client.patch(url, {"archived": True}).json() == {"peerId": ada.pk, "archived": True}

    @pytest.mark.parametrize(
        "body",
        [
            {"pinned": "yes"},
            {"archived": 1},
            {"markedUnread": []},
            {"mute": ""},
            {"mute": "2h"},
            {"mute": 3600},
            {"mute": ["1h"]},
            {"mute": True},
            {"pinned": True, "archived": True},
            [],
            "pinned",
        ],
    )
    def test_refuse_what_is_none_and_change_nothing(self, api_for: ApiFor, body: Any) -> None:
        ada, bo = make_pair()
        make_message(ada, bo)
        client, url = api_for(bo), f"/api/messages/chats/{ada.pk}"
        assert_refused(client.patch(url, body), 400)
        assert client.patch(url, {}).json() == {"peerId": ada.pk}

    @pytest.mark.parametrize("key", [*NOT_KEYS, "0" * 24])
    def test_of_nobody_are_404(self, api_for: ApiFor, key: str) -> None:
        response = api_for(make_user()).patch(f"/api/messages/chats/{key}", {"mute": "1h"})
        assert_refused(response, 404)

    def test_a_draft_is_kept_until_it_is_gone(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        message = make_message(ada, bo)
        client, url = api_for(bo), f"/api/messages/chats/{ada.pk}/draft"
        saved = client.put(url, {"text": "Half a", "replyTo": message.pk}).json()
        assert TIME.fullmatch(saved["draft"].pop("savedAt"))
        assert saved == {"peerId": ada.pk, "draft": {"text": "Half a", "replyTo": message.pk}}
        [chat] = client.get("/api/messages/chats").json()
        assert_chat(chat)
        assert chat["draft"]["text"] == "Half a"
        [theirs] = api_for(ada).get("/api/messages/chats").json()
        assert "draft" not in theirs
        assert set(client.put(url, {"text": ""}).json()["draft"]) == {"savedAt"}

    @pytest.mark.parametrize("body", [{"text": 7}, {"replyTo": "x"}, {"text": "x" * 10_001}, []])
    def test_what_could_not_be_sent_is_no_draft(self, api_for: ApiFor, body: Any) -> None:
        message = make_message()
        client, peer = api_for(message.sender), message.receiver_id
        assert_refused(client.put(f"/api/messages/chats/{peer}/draft", body), 400)
        stranger = make_user().pk
        assert_refused(client.put(f"/api/messages/chats/{stranger}/draft", {"text": "x"}), 404)
        for method in ("get", "post", "patch", "delete"):
            assert getattr(client, method)(f"/api/messages/chats/{peer}/draft").status_code == 405

    @pytest.mark.parametrize("method", ["get", "post", "put"])
    def test_are_changed_in_one_way(self, api_for: ApiFor, method: str) -> None:
        message = make_message()
        client = api_for(message.sender)
        url = f"/api/messages/chats/{message.receiver_id}"
        assert_refused(getattr(client, method)(url), 405)


class TestDeletions:
    def test_for_me_by_the_call_of_one(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        message = make_message(ada, bo)
        path = f"/api/messages/{message.pk}"
        assert_refused(api_for(bo).delete(f"{path}?whom=nobody"), 400)
        assert_refused(api_for(make_user()).delete(f"{path}?whom=me"), 404)
        answer = api_for(bo).delete(f"{path}?whom=me")
        assert answer.json() == {"success": True, "message": "Message deleted successfully"}
        assert api_for(bo).get(f"/api/messages/{ada.pk}").json() == []
        assert len(api_for(ada).get(f"/api/messages/{bo.pk}").json()) == 1

    def test_of_several_and_undone(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        keys = [each.pk for each in make_messages(ada, bo, 3)]
        answer = api_for(ada).post("/api/messages/deletions", {"messageIds": keys}, format="json")
        assert answer.status_code == 200
        assert answer.json().keys() == {"undo", "seconds"}
        assert api_for(bo).get(f"/api/messages/{ada.pk}").json() == []
        body = {"undo": answer.json()["undo"]}
        path = "/api/messages/deletions/undo"
        assert_refused(api_for(bo).post(path, body, format="json"), 409)
        assert api_for(ada).post(path, body, format="json").status_code == 200
        assert len(api_for(bo).get(f"/api/messages/{ada.pk}").json()) == 3

    @pytest.mark.parametrize(
        "body",
        [{}, {"messageIds": []}, {"messageIds": "x"}, {"messageIds": [1]}, {"messageIds": [None]}],
    )
    def test_of_nothing_that_could_be_deleted(self, api_for: ApiFor, body: Any) -> None:
        answer = api_for(make_user()).post("/api/messages/deletions", body, format="json")
        assert_refused(answer, 400 if body != {"messageIds": [None]} else answer.status_code)

    def test_of_a_chat(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        make_messages(ada, bo, 2)
        path = f"/api/messages/chats/{ada.pk}"
        assert_refused(api_for(bo).delete(f"{path}?seq=0"), 400)
        assert_refused(api_for(make_user()).delete(path), 404)
        assert_refused(api_for(bo).post(path), 405)
        assert api_for(bo).delete(path).json() == {"success": True, "message": "Chat deleted."}
        assert api_for(bo).get("/api/messages/chats").json() == []
        assert len(api_for(ada).get("/api/messages/chats").json()) == 1
