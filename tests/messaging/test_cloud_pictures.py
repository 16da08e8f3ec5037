"""Messages whose pictures are at Cloudinary: seen by those in the conversation, as long as the
message stands, whatever becomes of the service.
"""

import base64
from collections.abc import Callable
from typing import Any

import pytest
import urllib3
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User
from chatsite.conf.cloud import read_account
from chatsite.db import atomic
from chatsite.pictures import storage
from messaging.models import Message
from messaging.services.forwarding import forward_messages
from messaging.services.messages import delete_message, remove, restore, send_together
from messaging.services.pictures import settle
from messaging.shapes.record import record_of
from tests.cloudinary_server import CloudinaryServer
from tests.factories import ApiFor, make_message, make_pair, make_user
from tests.jobs import run_due
from tests.pictures import animation, data_uri, picture
from tests.recording import Events

pytestmark = pytest.mark.django_db(transaction=True)

PageFor = Callable[[User], Client]


@pytest.fixture
def pair() -> tuple[User, User]:
    return make_pair()


@pytest.fixture
def message(cloud: CloudinaryServer, pair: tuple[User, User]) -> Message:
    return make_message(*pair, image=picture(1600, 800))


def address_of(message: Message, query: str = "") -> str:
    return f"/media/messages/{message.pk}/{storage.shown(message.image)}{query}"


def fetch(address: str) -> int:
    return urllib3.request("GET", address, retries=False).status


def shown_to(client: APIClient, message: Message, query: str = "") -> int:
    """What a browser ends up with."""
    response = client.get(address_of(message, query))
    return fetch(response.headers["Location"]) if response.status_code == 302 else 404


def withdrawn(message: Message) -> list[str]:
    return [f"chatsite/messages/{message.image}"]


def test_addresses_are_of_this_site_and_tell_nothing_of_the_place(message: Message) -> None:
    record = record_of(message)
    assert record.image == address_of(message)
    assert record.thumbnail == address_of(message, "?w=720")
    assert (record.image_width, record.image_height) == (1600, 800)
    assert message.image.partition("_")[2] not in str(record)


def test_what_moves_has_one_size(cloud: CloudinaryServer) -> None:
    record = record_of(make_message(image=animation()))
    assert record.thumbnail == record.image


def test_both_are_led_to_it_for_a_while(
    message: Message, pair: tuple[User, User], api_for: ApiFor
) -> None:
    for user in pair:
        for query in ("", "?w=360", "?w=720", "?w=1080", "?w=1440"):
            assert shown_to(api_for(user), message, query) == 200
    headers = api_for(pair[0]).get(address_of(message)).headers
    assert headers["Cache-Control"] == "private, no-cache"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_strangers_and_visitors_are_led_nowhere(message: Message, api_for: ApiFor) -> None:
    for client in (APIClient(), api_for(make_user()), api_for(make_user(role="moderator"))):
        response = client.get(address_of(message))
        assert (response.status_code, response.headers.get("Location")) == (404, None)


@pytest.mark.parametrize("query", ["?w=", "?w=1", "?w=0720", "?w=720&w=9999", "?w=%00", "?w=720.0"])
def test_no_other_width_is_made(
    message: Message, pair: tuple[User, User], api_for: ApiFor, query: str
) -> None:
    assert api_for(pair[0]).get(address_of(message, query)).status_code == 404


def test_the_whole_name_opens_nothing(
    message: Message, pair: tuple[User, User], api_for: ApiFor
) -> None:
    whole = f"/media/messages/{message.pk}/{message.image}"
    assert api_for(pair[0]).get(whole).status_code == 404


@pytest.mark.parametrize("mood", ["down", "garbled"])
def test_a_message_whose_picture_cannot_be_kept_is_not_sent(
    cloud: CloudinaryServer, events: Events, pair: tuple[User, User], api_for: ApiFor, mood: Any
) -> None:
    cloud.mood = mood
    body = {"text": "Look", "image": data_uri(picture()), "clientMessageId": "once"}
    client, address = api_for(pair[0]), f"/api/messages/send/{pair[1].pk}"
    refused = client.post(address, body)
    assert refused.status_code == 502
    assert refused.json() == {"message": "The picture could not be stored. Please try again later."}
    assert Message.objects.count() == 0
    assert len(events) == 0
    cloud.mood = "well"
    assert client.post(address, body).status_code == 201
    assert client.post(address, body).status_code == 200
    assert len(cloud.stored) == 1


def test_nor_one_whose_picture_takes_too_long(
    cloud: CloudinaryServer, settings: Any, pair: tuple[User, User], api_for: ApiFor
) -> None:
    cloud.mood = "silent"
    settings.CLOUDINARY_ACCOUNT = read_account(cloud.url(timeout=0.2))
    body = {"image": data_uri(picture())}
    assert api_for(pair[0]).post(f"/api/messages/send/{pair[1].pk}", body).status_code == 502
    assert Message.objects.count() == 0


def test_a_profile_stays_as_it_was_when_its_picture_cannot_be_kept(
    cloud: CloudinaryServer, api_for: ApiFor
) -> None:
    cloud.mood = "down"
    user = make_user("Ada")
    body = {"fullName": "Grace", "profilePic": data_uri(picture())}
    assert api_for(user).put("/api/auth/update-profile", body).status_code == 502
    user.refresh_from_db()
    assert (user.full_name, user.picture) == ("Ada", "")
    cloud.mood = "well"
    changed = api_for(user).put("/api/auth/update-profile", body).json()
    assert fetch(APIClient().get(changed["profilePic"]).headers["Location"]) == 200


class TestDeleting:
    def test_puts_it_out_of_reach_at_once_and_for_those_who_kept_its_address(
        self, cloud: CloudinaryServer, message: Message, pair: tuple[User, User], api_for: ApiFor
    ) -> None:
        client = api_for(pair[1])
        direct = client.get(address_of(message)).headers["Location"]
        assert fetch(direct) == 200
        delete_message(user=pair[0], message_id=message.pk)
        assert client.get(address_of(message)).status_code == 404
        run_due()
        cloud.wait_for("rename")
        assert fetch(direct) == 404
        assert cloud.places("private") == withdrawn(message)

    def test_is_undone_by_restoring(
        self, cloud: CloudinaryServer, message: Message, pair: tuple[User, User], api_for: ApiFor
    ) -> None:
        remove(message=message)
        run_due()
        cloud.wait_for("rename")
        restore(message=message)
        run_due()
        cloud.wait_for("rename", times=2)
        assert shown_to(api_for(pair[1]), message) == 200

    def test_touches_no_other_message_with_the_same_picture(
        self, cloud: CloudinaryServer, message: Message, pair: tuple[User, User], api_for: ApiFor
    ) -> None:
        other = make_message(*pair, image=picture(1600, 800))
        remove(message=message)
        run_due()
        cloud.wait_for("rename")
        assert shown_to(api_for(pair[1]), other) == 200

    @pytest.mark.parametrize("mood", ["down", "garbled", "silent"])
    def test_succeeds_whatever_the_service_does(
        self,
        cloud: CloudinaryServer,
        message: Message,
        pair: tuple[User, User],
        api_for: ApiFor,
        events: Events,
        mood: Any,
    ) -> None:
        cloud.mood = mood
        answer = api_for(pair[0]).delete(f"/api/messages/{message.pk}")
        assert answer.status_code == 200
        assert events.recipients("messageDeleted")
        assert api_for(pair[1]).get(address_of(message)).status_code == 404

    def test_moves_no_picture_of_a_transaction_that_fails(
        self, cloud: CloudinaryServer, message: Message
    ) -> None:
        def fail() -> None:
            with atomic():
                remove(message=message)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        assert cloud.places("private") == []

    def test_asks_nothing_of_the_service_for_words(
        self, cloud: CloudinaryServer, pair: tuple[User, User]
    ) -> None:
        remove(message=make_message(*pair))
        remove(message=(picture_message := make_message(*pair, image=picture())))
        run_due()
        cloud.wait_for("rename")
        assert cloud.calls == ["upload", "rename"]
        assert cloud.places("private") == withdrawn(picture_message)

    def test_ends_where_the_message_stands_however_late_the_move_comes(
        self, cloud: CloudinaryServer, message: Message
    ) -> None:
        """A job that was put off finds out what has become of the message meanwhile."""
        store = storage.stores()[-1]
        Message.objects.update(deleted=True)
        settle(store, message.image)
        settle(store, message.image)
        assert cloud.places("private") == withdrawn(message)
        Message.objects.update(deleted=False)
        settle(store, message.image)
        assert cloud.places("private") == []
        Message.objects.all().delete()
        settle(store, message.image)


class TestForwarding:
    def forwarded(self, message: Message) -> Message:
        to = [make_user().pk]
        [sent] = forward_messages(
            user=message.sender, message_ids=[message.pk], to=to, client_message_id=to[0]
        ).sent
        return Message.objects.select_related("conversation").get(pk=sent.record.id)

    def test_shows_the_same_picture_to_those_of_the_other_chat_alone(
        self, cloud: CloudinaryServer, message: Message, pair: tuple[User, User], api_for: ApiFor
    ) -> None:
        copy = self.forwarded(message)
        receiver = User.objects.get(pk=copy.receiver_id)
        assert cloud.calls == ["upload"]
        assert shown_to(api_for(receiver), copy) == shown_to(api_for(pair[0]), copy) == 200
        assert shown_to(api_for(receiver), message) == shown_to(api_for(pair[1]), copy) == 404

    def test_deleting_one_takes_it_from_no_other(
        self, cloud: CloudinaryServer, message: Message, pair: tuple[User, User], api_for: ApiFor
    ) -> None:
        copies = [self.forwarded(message), self.forwarded(message)]
        for gone, left in ((message, copies), (copies[0], copies[1:])):
            remove(message=gone)
            run_due()
            assert shown_to(api_for(pair[0]), gone) == 404
            assert [shown_to(api_for(pair[0]), copy) for copy in left] == [200] * len(left)
        remove(message=copies[1])
        run_due()
        cloud.wait_for("rename")
        assert cloud.places("private") == withdrawn(message)
        restore(message=copies[0])
        run_due()
        cloud.wait_for("rename", times=2)
        assert shown_to(api_for(pair[0]), copies[0]) == 200

    def test_brings_back_what_was_put_out_of_reach_meanwhile(
        self, cloud: CloudinaryServer, message: Message, pair: tuple[User, User], api_for: ApiFor
    ) -> None:
        """The original is deleted between the moment it is looked up and that of its copy."""

        def send_late(drafts: Any) -> Any:
            remove(message=message)
            run_due()
            cloud.wait_for("rename")
            return send_together(drafts)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("messaging.services.forwarding.send_together", send_late)
            copy = self.forwarded(message)
        run_due()
        cloud.wait_for("rename", times=2)
        assert shown_to(api_for(pair[0]), copy) == 200


class TestModerating:
    def html(self, page_for: PageFor, message: Message) -> str:
        moderator = page_for(make_user(role="admin"))
        address = f"/admin/messaging/message/{message.pk}/change/"
        return moderator.get(address).content.decode()

    def test_shows_it_before_and_after_it_is_deleted(
        self, cloud: CloudinaryServer, message: Message, page_for: PageFor
    ) -> None:
        (data,) = cloud.stored.values()
        inline = f'src="data:image/webp;base64,{base64.b64encode(data).decode()}'
        assert inline in self.html(page_for, message)
        remove(message=message)
        run_due()
        cloud.wait_for("rename")
        assert inline in self.html(page_for, message)

    def test_says_when_it_cannot_be_had(
        self, cloud: CloudinaryServer, message: Message, page_for: PageFor
    ) -> None:
        cloud.mood = "down"
        assert "The picture is not available at the moment." in self.html(page_for, message)
