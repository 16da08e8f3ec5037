"""Voice messages: what is one, where it is told, and who learns that somebody listened."""

import base64
import re
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from chatsite.errors import DomainError
from messaging.models import Attachment, Conversation, Listening, Message, saved_key
from messaging.queries.history import history
from messaging.queries.receipts import receipts_page
from messaging.queries.shared import shared_page
from messaging.queries.sync import changes_since, sync_cursor
from messaging.recipients import user_group
from messaging.services.deletions import delete_messages
from messaging.services.forwarding import forward_messages
from messaging.services.groups import remove_member
from messaging.services.listenings import listen
from messaging.services.messages import delete_message, send_message
from messaging.services.privacy import change_privacy
from messaging.shapes.record import MessageRecord
from tests.concurrency import at_once
from tests.contract.shapes import assert_refused
from tests.factories import ApiFor, make_group, make_message, make_pair, make_user
from tests.files import MP4, PDF, TUS, VOICE, WEBM, make_upload, send_voice, upload
from tests.pictures import picture
from tests.recording import Events

pytestmark = pytest.mark.django_db

Say = Callable[..., Any]


def by_form(client: APIClient, data: bytes = WEBM, **said: str) -> Any:
    return upload(client, data, "voice.webm", **{**VOICE, **said})


def by_tus(client: APIClient, data: bytes = WEBM, **said: str) -> Any:
    """The answer to its beginning where that is refused, else to its end."""
    texts = {**VOICE, **said, "filename": "voice.webm"}
    texts["filetype"] = texts.pop("content_type")
    pairs = (f"{name} {base64.b64encode(text.encode()).decode()}" for name, text in texts.items())
    headers = {**TUS, "Upload-Length": str(len(data)), "Upload-Metadata": ",".join(pairs)}
    begun = client.post("/api/uploads", headers=headers)
    if begun.status_code != 201:
        return begun
    return client.patch(
        begun.headers["Location"],
        data,
        content_type="application/offset+octet-stream",
        headers={**TUS, "Upload-Offset": "0"},
    )


HEARD = re.compile(r"Listened to(</?[^>]+>|\s)*\d\d:\d\d")


@pytest.fixture
def ada() -> User:
    return make_user("Ada Lovelace")


class TestBeingOne:
    @pytest.mark.parametrize("say", [by_form, by_tus])
    @pytest.mark.parametrize("data", [WEBM, MP4, b"OggS" + bytes(99)])
    def test_is_told_with_length_and_levels(
        self, api_for: ApiFor, ada: User, say: Say, data: bytes
    ) -> None:
        answer = say(api_for(ada), data)
        assert answer.status_code in (201, 204)
        bo = make_user()
        keys = [Attachment.objects.get().pk]
        record = send_message(sender=ada, peer=bo.pk, attachments=keys).record
        assert record.attachments
        [file] = record.attachments
        assert (file.kind, file.duration, file.waveform) == ("audio", 2500, "0123ahv8r62")
        [seen] = history(bo, ada.pk, before=None, limit=5)
        assert seen.attachments == [file]

    @pytest.mark.parametrize("say", [by_form, by_tus])
    @pytest.mark.parametrize(
        "wrong",
        [
            {"waveform": "0" * 65},
            {"waveform": "NaN"},
            {"waveform": "-1"},
            {"waveform": "0w"},
            {"waveform": "01\n"},
            {"waveform": "\0"},
            {"waveform": "٣"},
            {"duration": ""},
            {"duration": "0"},
            {"duration": "-5"},
            {"duration": "3600001"},
            {"duration": "9" * 400},
            {"duration": "NaN"},
            {"duration": "2.5"},
            {"duration": "٣"},
        ],
    )
    def test_what_none_has_is_refused_and_leaves_nothing(
        self, api_for: ApiFor, ada: User, say: Say, wrong: dict[str, str]
    ) -> None:
        refused = say(api_for(ada), **wrong)
        assert_refused(refused, 400)
        assert "3,600,000 milliseconds" in refused.json()["message"]
        assert not Attachment.objects.exists()

    @pytest.mark.parametrize("say", [by_form, by_tus])
    @pytest.mark.parametrize("data", [PDF, b"just words", picture()])
    def test_what_is_no_sound_is_refused_and_leaves_nothing(
        self, api_for: ApiFor, ada: User, say: Say, data: bytes
    ) -> None:
        assert_refused(say(api_for(ada), data), 400, "A voice message has to be a sound.")
        assert not Attachment.objects.exists()

    def test_it_is_sent_without_other_files(self, ada: User) -> None:
        bo = make_user()
        voice, other = make_upload(ada, WEBM, **VOICE), make_upload(ada)
        for fields in ({"attachments": [voice.pk, other.pk]}, {"image": picture()}):
            with pytest.raises(DomainError, match="without other files"):
                send_message(sender=ada, peer=bo.pk, **{"attachments": [voice.pk], **fields})  # type: ignore[arg-type]
        assert not Message.objects.exists()
        assert send_message(sender=ada, peer=bo.pk, text="Hm", attachments=[voice.pk]).created

    def test_a_copy_is_one_to_which_nobody_has_listened(self, ada: User) -> None:
        bo, cy = make_user(), make_user()
        record = send_voice(ada, bo.pk)
        listen(user=bo, message_id=record.id)
        forward_messages(user=bo, message_ids=[record.id], to=[cy.pk], client_message_id="f-1")
        [copy] = history(cy, bo.pk, before=None, limit=5)
        assert copy.attachments
        assert (copy.attachments[0].waveform, copy.listened) == ("0123ahv8r62", False)

    def test_is_listed_apart_from_files(self, ada: User) -> None:
        bo = make_user()
        voice = send_voice(ada, bo.pk)
        send_message(sender=ada, peer=bo.pk, attachments=[make_upload(ada).pk])
        gone = send_voice(ada, bo.pk)
        delete_message(user=ada, message_id=gone.id)

        def listed(kind: Any) -> list[str]:
            page = shared_page(bo, voice.conversation_id, kind=kind, limit=5)
            return [each.id for each in page.messages]

        assert listed("voice") == [voice.id]
        assert len(listed("files")) == 1
        assert voice.id not in listed("files")


def last(me: User, peer: str) -> MessageRecord:
    return history(me, peer, before=None, limit=1)[-1]


class TestListening:
    def test_is_told_to_both_once(self, api_for: ApiFor, ada: User, events: Events) -> None:
        bo = make_user()
        voice = send_voice(ada, bo.pk)
        cursors = {user.pk: sync_cursor(user) for user in (ada, bo)}
        assert not last(ada, bo.pk).listened
        events.clear()
        for _again in range(2):
            answer = api_for(bo).put(f"/api/listened/{voice.id}")
            assert answer.status_code == 200
            assert answer.json()["listened"] is True
        assert events.recipients("messageListened") == sorted(map(user_group, (ada.pk, bo.pk)))
        assert events.data("messageListened") == {
            "messageId": voice.id,
            "conversationId": voice.conversation_id,
            "seq": 1,
            "personId": bo.pk,
        }
        for me, peer in ((ada, bo), (bo, ada)):
            [synced] = changes_since(me, cursors[me.pk]).messages
            assert synced.listened
            assert last(me, peer.pk) == synced
        version = Conversation.objects.get().version
        listen(user=bo, message_id=voice.id)
        assert Conversation.objects.get().version == version
        [receipt] = receipts_page(ada, voice.conversation_id, seq=1, limit=5).receipts
        assert receipt.listened == Listening.objects.get().at

    def test_in_a_group_who_spoke_alone_learns_of_it(self, ada: User, events: Events) -> None:
        bo, cy = make_user("Bo"), make_user("Cy")
        group = make_group(ada, bo, cy)
        voice = send_voice(ada, group)
        cursor, before = sync_cursor(cy), last(cy, group)
        events.clear()
        listen(user=bo, message_id=voice.id)
        assert events.recipients("messageListened") == sorted(map(user_group, (ada.pk, bo.pk)))
        assert (changes_since(cy, cursor).messages, last(cy, group)) == ([], before)
        assert [last(each, group).listened for each in (ada, bo, cy)] == [True, True, False]

    def test_message_info_says_when(
        self, page_for: Callable[[User], Client], ada: User, events: Events
    ) -> None:
        bo = make_user("Bo")
        for peer in (bo.pk, make_group(ada, bo)):
            voice = send_voice(ada, peer)

            def says(seq: int = voice.seq, peer: str = peer) -> bool:
                html = page_for(ada).get(f"/chat/{peer}/receipts?seq={seq}").content.decode()
                return bool(HEARD.search(html))

            assert not says()
            listen(user=bo, message_id=voice.id)
            assert says()
            change_privacy(user=bo, read_receipts="nobody")
            assert not says()
            change_privacy(user=bo, read_receipts="everybody")
            assert says()
            assert page_for(make_user()).get(f"/chat/{peer}/receipts?seq=1").status_code != 200

    def test_is_not_told_where_reading_is_not(self, ada: User, events: Events) -> None:
        for hiding in ("listener", "speaker"):
            bo = make_user()
            voice = send_voice(ada, bo.pk)
            change_privacy(user=bo if hiding == "listener" else ada, read_receipts="nobody")
            cursor, before = sync_cursor(ada), last(ada, bo.pk)
            events.clear()
            listen(user=bo, message_id=voice.id)
            assert events.recipients("messageListened") == [user_group(bo.pk)]
            assert last(ada, bo.pk) == before
            assert changes_since(ada, cursor).messages == []
            assert last(bo, ada.pk).listened
            [receipt] = receipts_page(ada, voice.conversation_id, seq=1, limit=5).receipts
            assert receipt.listened is None

    def test_nobody_else_can(self, api_for: ApiFor, ada: User, events: Events) -> None:
        bo, stranger, left = make_user("Bo"), make_user("Mallory"), make_user("Olga")
        group = make_group(ada, bo, left)
        remove_member(user=ada, group=group, person=left.pk)
        voice, text = send_voice(ada, group), make_message(ada, bo)
        events.clear()
        for user in (stranger, left):
            answer = api_for(user).put(f"/api/listened/{voice.id}")
            assert_refused(answer, 404, "Message not found.")
        for user, key, why in (
            (ada, voice.id, "This voice message is your own."),
            (bo, text.pk, "This is no voice message."),
        ):
            assert_refused(api_for(user).put(f"/api/listened/{key}"), 400, why)
        assert_refused(api_for(ada).put("/api/listened/abc"), 404, "Message not found.")
        assert api_for(bo).post(f"/api/listened/{voice.id}").status_code == 405
        assert APIClient().put(f"/api/listened/{voice.id}").status_code == 401
        delete_message(user=ada, message_id=voice.id)
        assert_refused(api_for(bo).put(f"/api/listened/{voice.id}"), 409)
        assert not Listening.objects.exists()
        assert not events.recipients("messageListened")

    def test_who_deleted_it_for_themselves_is_told_nothing(self, ada: User, events: Events) -> None:
        bo = make_user()
        voice = send_voice(ada, bo.pk)
        delete_messages(user=ada, message_ids=[voice.id], whom="me")
        events.clear()
        listen(user=bo, message_id=voice.id)
        assert events.recipients("messageListened") == [user_group(bo.pk)]

    def test_a_note_to_oneself_is_ones_own(self, ada: User) -> None:
        voice = send_voice(ada, saved_key(ada.pk))
        with pytest.raises(DomainError, match="your own"):
            listen(user=ada, message_id=voice.id)

    @pytest.mark.django_db(transaction=True)
    def test_of_two_at_once_one_is_told(self, ada: User, events: Events) -> None:
        bo = make_user()
        voice = send_voice(ada, bo.pk)
        events.clear()
        at_once([lambda: listen(user=bo, message_id=voice.id)] * 4)
        assert Listening.objects.count() == 1
        assert events.recipients("messageListened") == sorted(map(user_group, (ada.pk, bo.pk)))


@pytest.mark.sql_only("MongoDB is asked for the conversation first")
def test_other_messages_are_asked_no_more_for(django_assert_num_queries: Any) -> None:
    ada, bo = make_pair()
    make_message(ada, bo)
    record = msgspec.to_builtins(send_message(sender=ada, peer=bo.pk, text="Hi").record)
    assert "listened" not in record
    with django_assert_num_queries(1):
        history(bo, ada.pk, before=None, limit=1)
