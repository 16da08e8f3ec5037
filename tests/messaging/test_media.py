"""Pictures of a conversation: for those who are in it, as long as the message stands."""

from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from rest_framework.test import APIClient

from accounts.services.sessions import end_session
from accounts.tokens import issue_token
from chatsite.db import now
from chatsite.pictures.storage.local import LocalPictureStore
from messaging.models import Message
from messaging.services.deletions import delete_messages
from messaging.services.messages import delete_message, remove, restore
from messaging.shapes.record import record_of
from tests.factories import ApiFor, make_message, make_pair, make_session, make_user
from tests.pictures import opened, picture

pytestmark = pytest.mark.django_db


@pytest.fixture
def message() -> Message:
    return make_message(*make_pair(), image=picture(900, 450))


def addresses(message: Message) -> list[str]:
    record = record_of(message)
    return [address for address in (record.image, record.thumbnail) if address]


def receiver_of(message: Message) -> APIClient:
    client = APIClient()
    receiver = next(m.user for m in message.conversation.memberships.exclude(user=message.sender))
    client.cookies["jwt"] = issue_token(make_session(receiver))
    return client


def assert_nothing(response: HttpResponse) -> None:
    assert response.status_code == 404
    assert not response.headers["Content-Type"].startswith("image/")


def test_both_see_it_in_two_sizes(message: Message, api_for: ApiFor) -> None:
    for client in (api_for(message.sender), receiver_of(message)):
        widths = [opened(client.get(address).content).width for address in addresses(message)]
        assert widths == [900, 720]


def test_it_is_kept_by_this_browser_alone_and_is_nothing_but_a_picture(message: Message) -> None:
    headers = receiver_of(message).get(addresses(message)[0]).headers
    assert headers["Content-Type"] == "image/webp"
    assert headers["Cache-Control"] == "private, no-cache"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'"


def test_a_browser_that_has_it_asks_again_and_is_told_so(message: Message) -> None:
    client, address = receiver_of(message), addresses(message)[0]
    tag = client.get(address).headers["ETag"]
    again = client.get(address, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["Cache-Control"] == "private, no-cache"


def test_who_comes_next_to_the_same_browser_does_not_get_it_out_of_its_cache(
    message: Message, api_for: ApiFor
) -> None:
    address = addresses(message)[0]
    tag = receiver_of(message).get(address).headers["ETag"]
    for client in (APIClient(), api_for(make_user())):
        assert_nothing(client.get(address, headers={"If-None-Match": tag}))


def test_a_bearer_header_opens_it(message: Message) -> None:
    token = issue_token(make_session(message.sender))
    client = APIClient(headers={"Authorization": f"Bearer {token}"})
    assert client.get(addresses(message)[0]).status_code == 200


def test_strangers_and_visitors_see_nothing(message: Message, api_for: ApiFor) -> None:
    for client in (APIClient(), api_for(make_user()), api_for(make_user(role="moderator"))):
        for address in addresses(message):
            assert_nothing(client.get(address))


def test_whoever_was_signed_out_sees_nothing(message: Message) -> None:
    session = make_session(message.sender)
    client = APIClient()
    client.cookies["jwt"] = issue_token(session)
    end_session(session=session)
    assert_nothing(client.get(addresses(message)[0]))


def test_who_deleted_it_for_themselves_sees_it_no_more(message: Message, api_for: ApiFor) -> None:
    client, address = receiver_of(message), addresses(message)[0]
    reader = message.conversation.memberships.exclude(user=message.sender).get().user
    delete_messages(user=reader, message_ids=[message.pk], whom="me")
    assert_nothing(client.get(address))
    assert api_for(message.sender).get(address).status_code == 200


def test_nobody_sees_it_once_the_message_is_deleted(message: Message) -> None:
    client = receiver_of(message)
    delete_message(user=message.sender, message_id=message.pk)
    for address in addresses(message):
        assert_nothing(client.get(address))


def test_it_is_back_when_the_message_is(message: Message) -> None:
    client, address = receiver_of(message), addresses(message)[0]
    remove(message=message)
    message.refresh_from_db()
    restore(message=message)
    assert client.get(address).status_code == 200


def test_one_conversation_s_picture_is_not_had_by_way_of_another(
    message: Message, api_for: ApiFor
) -> None:
    stranger = make_user()
    own = make_message(stranger, make_user(), "no picture")
    client = api_for(stranger)
    for name in (message.image, message.thumbnail):
        assert_nothing(client.get(f"/media/messages/{own.pk}/{name}"))
        assert_nothing(client.get(f"/media/messages/{message.pk}/{name}"))


def test_nobody_has_it_as_somebody_s_profile_picture(message: Message) -> None:
    delete_message(user=message.sender, message_id=message.pk)
    for name in (message.image, message.thumbnail):
        assert_nothing(receiver_of(message).get(f"/media/profiles/{name}"))


def test_it_stays_with_the_one_when_the_other_of_two_is_deleted() -> None:
    ada, bo = make_pair()
    one, other = (make_message(ada, bo, image=picture(900, 450)) for _ in range(2))
    assert one.image == other.image
    delete_message(user=ada, message_id=one.pk)
    assert_nothing(receiver_of(one).get(addresses(one_again(one))[0]))
    assert receiver_of(other).get(addresses(other)[0]).status_code == 200


def one_again(message: Message) -> Message:
    """As it was before it was deleted, for its addresses."""
    message.deleted = False
    return message


def test_the_web_server_sends_it_once_we_said_yes(
    message: Message, settings: Any, api_for: ApiFor
) -> None:
    settings.MEDIA_ACCEL_PATH = "/protected-media/"
    address = addresses(message)[0]
    response = receiver_of(message).get(address)
    name = message.image
    assert response.headers["X-Accel-Redirect"] == f"/protected-media/{name[:2]}/{name}"
    assert response.content == b""
    assert response.headers["Content-Type"] == "image/webp"
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    refused = api_for(make_user()).get(address)
    assert_nothing(refused)
    assert "X-Accel-Redirect" not in refused.headers
    LocalPictureStore().remove(
        list(LocalPictureStore().listed()), unchanged_since=now() + timedelta(hours=1)
    )
    assert_nothing(receiver_of(message).get(address))


@pytest.mark.parametrize(
    "name",
    ["..%2f..%2fsettings.py", "%2e%2e", "x.webp", "", "a/b", "%00", "0" * 64 + ".webp", "%2Fetc"],
)
def test_other_names_are_404(message: Message, name: str) -> None:
    client = receiver_of(message)
    assert_nothing(client.get(f"/media/messages/{message.pk}/{name}"))
    assert_nothing(client.get(f"/media/profiles/{name}"))
    assert_nothing(client.get(f"/media/messages/{name}/{message.image}"))


def test_it_cannot_be_written_to(message: Message) -> None:
    assert receiver_of(message).put(addresses(message)[0]).status_code == 405


def test_a_part_of_it(message: Message) -> None:
    client, address = receiver_of(message), addresses(message)[0]
    whole = client.get(address)
    part = client.get(address, headers={"Range": "bytes=-1"})
    assert (part.status_code, part.content) == (206, whole.content[-1:])
    assert part.headers["Cache-Control"] == whole.headers["Cache-Control"]
    assert client.get(address, headers={"Range": "bytes=99999999-"}).status_code == 416
