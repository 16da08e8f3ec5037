"""Files of messages: sent, forwarded, deleted, and seen by those alone who see the message."""

import gc
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from accounts.models import User
from chatsite.errors import DomainError
from chatsite.files import serving, storage
from messaging.models import Attachment, Message, MessageEdit
from messaging.queries.attachments import attachments_of
from messaging.queries.history import history
from messaging.services.deletions import delete_messages
from messaging.services.edits import edit_message
from messaging.services.forwarding import forward_messages
from messaging.services.groups import add_members, remove_member
from messaging.services.messages import delete_message, restore, send_message
from messaging.shapes.attachments import AttachmentRecord
from messaging.shapes.record import MessageRecord
from tests.contract.shapes import assert_refused
from tests.factories import ApiFor, make_group, make_message, make_pair, make_user
from tests.files import HTML, MP4, PDF, SVG, make_upload
from tests.pictures import picture
from tests.recording import Events

pytestmark = pytest.mark.django_db


def send(sender: User, peer: str, *keys: str, **fields: Any) -> MessageRecord:
    return send_message(sender=sender, peer=peer, attachments=keys, **fields).record


def send_file(sender: User, peer: str, data: bytes = PDF, name: str = "minutes.pdf") -> str:
    """The address of a file that is sent."""
    return file_of(send(sender, peer, make_upload(sender, data, name).pk)).url


def file_of(record: MessageRecord) -> AttachmentRecord:
    """The first of a message."""
    assert record.attachments
    return record.attachments[0]


class TestCaptions:
    def test_are_told_found_forwarded_and_edited(self, api_for: ApiFor, events: Events) -> None:
        ada, bo = make_pair()
        [first, second] = [make_upload(ada, picture(), f"{n}.png").pk for n in "ab"]
        body = {"attachments": [first, second], "captions": {second: "Søren at sea", first: " "}}
        told = api_for(ada).post(f"/api/messages/send/{bo.pk}", body).json()
        assert [each.get("caption") for each in told["attachments"]] == [None, "Søren at sea"]
        assert events.data("newMessage")["attachments"] == told["attachments"]
        found = api_for(bo).get("/api/search?q=soren").json()["messages"]
        assert [each["id"] for each in found[0]["files"]] == [second]
        assert found[0]["files"][0]["caption"][0] == {"text": "Søren", "found": True}
        forward_messages(
            user=bo, message_ids=[told["_id"]], to=[make_user().pk], client_message_id="copy"
        )
        copies = Attachment.objects.filter(is_copy=True).order_by("position")
        assert [each.caption for each in copies] == ["", "Søren at sea"]

        edit = f"/api/messages/{told['_id']}"
        words = {"captions": {first: "Land", second: ""}, "text": ""}
        assert_refused(api_for(bo).put(edit, words), 403)
        edited = api_for(ada).put(edit, words).json()
        assert [each.get("caption") for each in edited["attachments"]] == ["Land", None]
        assert events.data("messageEdited")["attachments"] == edited["attachments"]
        assert api_for(bo).get(f"/api/messages/{ada.pk}").json()[0]["editedAt"]
        [kept] = MessageEdit.objects.all()
        assert (kept.text, json.loads(kept.captions)) == ("", {first: "", second: "Søren at sea"})
        assert api_for(ada).get("/api/search?q=soren").json()["messages"] == []
        assert api_for(ada).get("/api/search?q=land").json()["messages"] != []
        assert api_for(ada).put(edit, words).json()["updatedAt"] == edited["updatedAt"]
        api_for(ada).put(edit, {"text": "Both"})
        assert [each.caption for each in attachments_of([told["_id"]])[told["_id"]]] == ["Land", ""]
        assert_refused(api_for(ada).put(edit, {"captions": {copies[0].pk: "x"}}), 400)

    @pytest.mark.parametrize(
        ("captions", "words"),
        [
            ({"0" * 24: "x"}, "Captions are of attachments of the message."),
            ({"it": "x" * 1001}, "A caption is too long: at most 1,000 characters."),
            ({"it": "\x00"}, None),
            (["x"], None),
            ({"it": {}}, None),
        ],
    )
    def test_that_cannot_be(self, api_for: ApiFor, captions: Any, words: str | None) -> None:
        ada, bo = make_pair()
        key = make_upload(ada).pk
        if isinstance(captions, dict):
            captions = {key if name == "it" else name: text for name, text in captions.items()}
        body = {"attachments": [key], "captions": captions}
        refused = api_for(ada).post(f"/api/messages/send/{bo.pk}", body)
        assert_refused(refused, 400, words)
        assert not Message.objects.exists()


class TestSending:
    def test_tells_the_files_in_their_order(self, api_for: ApiFor, events: Events) -> None:
        ada, bo = make_pair()
        keys = [make_upload(ada, PDF).pk, make_upload(ada, picture(), "p.png").pk]
        body = {"attachments": keys[::-1]}
        response = api_for(ada).post(f"/api/messages/send/{bo.pk}", body)
        assert response.status_code == 201
        told = response.json()["attachments"]
        url = f"/api/attachments/{keys[1]}/p.png"
        assert told == [
            {
                "id": keys[1],
                "kind": "picture",
                "name": "p.png",
                "type": "image/png",
                "size": len(picture()),
                "url": url,
                "width": 40,
                "height": 20,
                "thumbnail": f"{url}?thumbnail=true",
            },
            {
                "id": keys[0],
                "kind": "file",
                "name": "minutes.pdf",
                "type": "application/pdf",
                "size": len(PDF),
                "url": f"/api/attachments/{keys[0]}/minutes.pdf",
            },
        ]
        assert response.json()["text"] is None
        assert api_for(bo).get(f"/api/messages/{ada.pk}").json()[0]["attachments"] == told
        assert events.data("newMessage")["attachments"] == told

    def test_a_message_without_any_is_as_before(self) -> None:
        record = send_message(sender=make_user(), peer=make_user().pk, text="Hi").record
        assert record.attachments is None
        assert Message.objects.get(pk=record.id).attachments is None

    def test_again_it_is_the_first_message(self) -> None:
        ada, bo = make_pair()
        key = make_upload(ada).pk
        first = send(ada, bo.pk, key, client_message_id="one")
        again = send_message(sender=ada, peer=bo.pk, attachments=[key], client_message_id="one")
        assert (again.created, again.record.attachments) == (False, first.attachments)
        with pytest.raises(DomainError, match="sent before"):
            send(ada, bo.pk, key, client_message_id="two")

    @pytest.mark.parametrize(
        "wrong",
        [
            lambda ada, bo: [make_upload(bo).pk],
            lambda ada, bo: ["65a5b1d0c0ffee0000000001"],
            lambda ada, bo: ["no key"],
            lambda ada, bo: [make_upload(ada).pk] * 2,
            lambda ada, bo: [make_upload(ada).pk for _number in range(11)],
            lambda ada, bo: [make_upload(ada).pk, make_upload(bo).pk],
            lambda ada, bo: [half(ada)],
        ],
    )
    def test_what_is_not_theirs_to_send(
        self, api_for: ApiFor, wrong: Callable[[User, User], list[str]]
    ) -> None:
        ada, bo = make_pair()
        body = {"text": "Look", "attachments": wrong(ada, bo)}
        response = api_for(ada).post(f"/api/messages/send/{bo.pk}", body)
        assert_refused(response, 400)
        assert list(response.json()["errors"]) == ["attachments"]
        assert not Message.objects.exists()
        assert not Attachment.objects.filter(state="sent").exists()

    def test_who_may_not_write_sends_no_file(self, group: str, mia: User, olga: User) -> None:
        remove_member(user=olga, group=group, person=mia.pk)
        key = make_upload(mia).pk
        with pytest.raises(DomainError) as refused:
            send(mia, group, key)
        assert refused.value.status == 403
        assert Attachment.objects.get(pk=key).state == "ready"

    @pytest.mark.sql_only("MongoDB is asked for the conversation first")
    def test_reading_them_takes_no_further_query(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        ada, bo = make_pair()
        for _number in range(3):
            send_file(ada, bo.pk)
        with django_assert_num_queries(1):
            page = history(bo, ada.pk, before=None, limit=2)
        assert [len(each.attachments or ()) for each in page] == [1, 1]

    def test_an_edit_changes_the_words_alone(self) -> None:
        ada, bo = make_pair()
        sent = send(ada, bo.pk, make_upload(ada).pk, text="Old")
        edited = edit_message(user=ada, message_id=sent.id, text="")
        assert (edited.text, edited.attachments) == (None, sent.attachments)

    def test_deletion_takes_them_away_and_undoing_it_brings_them_back(self) -> None:
        ada, bo = make_pair()
        sent = send(ada, bo.pk, make_upload(ada).pk)
        delete_message(user=ada, message_id=sent.id)
        [tombstone] = history(bo, ada.pk, before=None, limit=5, include_deleted=True)
        assert tombstone.attachments is None
        restore(message=Message.objects.select_related("conversation").get(pk=sent.id))
        [again] = history(bo, ada.pk, before=None, limit=5)
        assert again.attachments == sent.attachments


def half(owner: User) -> str:
    """The key of an upload that is not complete."""
    from messaging.services.uploads import begin_upload

    return begin_upload(owner=owner, size=10).pk


class TestForwarding:
    def test_shares_the_file(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        cy = make_user("Cy")
        sent = send(ada, bo.pk, make_upload(ada, picture(), "p.png").pk)
        [copy] = forward_messages(
            user=bo, message_ids=[sent.id], to=[cy.pk], client_message_id="f"
        ).sent
        one, other = file_of(sent), file_of(copy.record)
        assert one.id != other.id
        stored = Attachment.objects.values_list("stored", "thumbnail").distinct()
        assert len(stored) == 1
        assert api_for(cy).get(other.url).getvalue() == picture()
        assert api_for(cy).get(f"{other.url}?thumbnail=true").status_code == 200
        assert_refused(api_for(cy).get(one.url), 404)
        assert_refused(api_for(ada).get(other.url), 404)

    def test_the_copy_stays_when_the_original_is_deleted(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        cy = make_user("Cy")
        sent = send(ada, bo.pk, make_upload(ada).pk)
        forwarded = forward_messages(
            user=bo, message_ids=[sent.id], to=[cy.pk], client_message_id="f"
        )
        delete_message(user=ada, message_id=sent.id)
        copy = file_of(forwarded.sent[0].record)
        assert api_for(cy).get(copy.url).getvalue() == PDF
        assert_refused(api_for(bo).get(f"/api/attachments/{copy.id}/other.pdf"), 404)

    def test_what_lost_its_file_is_forwarded_all_the_same(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        sent = send(ada, bo.pk, make_upload(ada).pk)
        storage.store.remove([Attachment.objects.get().stored])
        [copy] = forward_messages(
            user=bo, message_ids=[sent.id], to=[ada.pk], client_message_id="f"
        ).sent
        assert_refused(api_for(ada).get(file_of(copy.record).url), 404)

    def test_takes_no_room(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        sent = send(ada, bo.pk, make_upload(ada).pk)
        forward_messages(user=bo, message_ids=[sent.id], to=[ada.pk], client_message_id="f")
        assert api_for(bo).get("/api/attachments/usage").json()["used"] == 0


class TestWhoSees:
    def test_those_in_the_conversation(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        address = send_file(ada, bo.pk)
        for client in (api_for(ada), api_for(bo)):
            assert client.get(address).getvalue() == PDF
        assert_refused(api_for(make_user()).get(address), 404)
        assert_refused(api_for(make_user(role="moderator")).get(address), 404)
        assert_refused(APIClient().get(address), 401)

    def test_before_it_is_sent_its_owner_alone(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        address = f"/api/attachments/{make_upload(ada).pk}/minutes.pdf"
        assert api_for(ada).get(address).status_code == 200
        assert_refused(api_for(bo).get(address), 404)

    def test_nobody_while_it_is_uploaded(self, api_for: ApiFor) -> None:
        ada = make_user()
        assert_refused(api_for(ada).get(f"/api/attachments/{half(ada)}/file"), 404)

    def test_nobody_once_it_is_deleted(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        sent = send(ada, bo.pk, make_upload(ada).pk)
        delete_message(user=ada, message_id=sent.id)
        file = file_of(sent)
        for reader in (ada, bo):
            assert_refused(api_for(reader).get(file.url), 404)

    def test_not_who_deleted_it_for_themselves(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        sent = send(ada, bo.pk, make_upload(ada).pk)
        delete_messages(user=bo, message_ids=[sent.id], whom="me")
        file = file_of(sent)
        assert_refused(api_for(bo).get(file.url), 404)
        assert api_for(ada).get(file.url).status_code == 200

    def test_of_a_group_by_when_one_was_in_it(
        self, api_for: ApiFor, group: str, olga: User, mia: User
    ) -> None:
        new = make_user("New")
        before = send_file(olga, group)
        add_members(user=olga, group=group, people=[new.pk])
        assert_refused(api_for(new).get(before), 404)
        remove_member(user=olga, group=group, person=mia.pk)
        after = send_file(olga, group)
        assert api_for(mia).get(before).status_code == 200
        assert_refused(api_for(mia).get(after), 404)
        assert api_for(new).get(after).status_code == 200

    def test_under_its_own_name_alone(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        address = send_file(ada, bo.pk)
        folder = address.rpartition("/")[0]
        for name in ("other.pdf", "minutes.pdf.html", "MINUTES.PDF"):
            assert_refused(api_for(bo).get(f"{folder}/{name}"), 404)
        assert_refused(api_for(bo).get(f"{folder}/minutes%00.pdf"), 404)
        assert_refused(api_for(bo).get("/api/attachments/nokey/minutes.pdf"), 404)
        assert_refused(api_for(bo).get(f"{address}?thumbnail=true"), 404)


class TestServing:
    @pytest.fixture
    def get(self, api_for: ApiFor) -> Callable[..., Any]:
        """Asks for a file as its receiver does."""
        ada, bo = make_pair()

        def get(data: bytes = PDF, name: str = "minutes.pdf", **headers: str) -> Any:
            return api_for(bo).get(send_file(ada, bo.pk, data, name), headers=headers)

        return get

    @pytest.mark.parametrize("data", [PDF, HTML, SVG, b"plain"])
    def test_only_saved_never_shown(self, get: Callable[..., Any], data: bytes) -> None:
        headers = get(data, "page.html").headers
        assert headers["Content-Disposition"] == 'attachment; filename="page.html"'
        assert headers["Content-Type"] in ("application/pdf", "application/octet-stream")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert headers["Cache-Control"] == "private, no-cache"
        assert headers["Accept-Ranges"] == "bytes"

    @pytest.mark.parametrize(("data", "kind"), [(MP4, "video/mp4"), (picture(), "image/png")])
    def test_shown_in_place(self, get: Callable[..., Any], data: bytes, kind: str) -> None:
        headers = get(data, "x.html").headers
        assert headers["Content-Type"] == kind
        ending = "mp4" if data == MP4 else "png"
        assert headers["Content-Disposition"] == f'inline; filename="x.html.{ending}"'
        assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"

    def test_named_in_any_script(self, get: Callable[..., Any]) -> None:
        headers = get(name='会議 "1".pdf').headers
        assert headers["Content-Disposition"] == (
            "attachment; filename*=utf-8''%E4%BC%9A%E8%AD%B0%20%221%22.pdf"
        )

    @pytest.mark.parametrize(
        ("asked", "first", "last"),
        [
            ("bytes=0-0", 0, 0),
            ("bytes=0-1", 0, 1),
            ("bytes=10-", 10, None),
            ("bytes=-5", -5, None),
            ("bytes=10-99999999", 10, None),
        ],
    )
    def test_a_part(
        self, get: Callable[..., Any], asked: str, first: int, last: int | None
    ) -> None:
        response = get(MP4, Range=asked)
        part = MP4[first : None if last is None else last + 1]
        assert (response.status_code, response.getvalue()) == (206, part)
        begin = first % len(MP4)
        end = begin + len(part) - 1
        assert response.headers["Content-Range"] == f"bytes {begin}-{end}/{len(MP4)}"
        assert response.headers["Content-Length"] == str(len(part))

    @pytest.mark.parametrize("asked", [f"bytes={len(MP4)}-", "bytes=99999999-", "bytes=-0"])
    def test_no_part_of_it(self, get: Callable[..., Any], asked: str) -> None:
        response = get(MP4, Range=asked)
        assert (response.status_code, response.getvalue()) == (416, b"")
        assert response.headers["Content-Range"] == f"bytes */{len(MP4)}"

    @pytest.mark.parametrize(
        "asked",
        ["bytes=0-1,3-4", "bytes=" + ",".join(["0-"] * 500), "bytes=5-1", "lines=0-1", "bytes=a-b"],
    )
    def test_the_whole_for_what_is_not_one_part(self, get: Callable[..., Any], asked: str) -> None:
        response = get(MP4, Range=asked)
        assert (response.status_code, response.getvalue()) == (200, MP4)

    def test_a_part_of_what_one_has_already(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        address, client = send_file(ada, bo.pk, MP4), api_for(bo)
        tag = client.get(address).headers["ETag"]
        right = client.get(address, headers={"Range": "bytes=0-1", "If-Range": tag})
        assert (right.status_code, right.getvalue()) == (206, MP4[:2])
        other = client.get(address, headers={"Range": "bytes=0-1", "If-Range": '"other"'})
        assert (other.status_code, other.getvalue()) == (200, MP4)
        again = client.get(address, headers={"If-None-Match": tag})
        assert (again.status_code, again.getvalue()) == (304, b"")

    @pytest.mark.parametrize(
        ("name", "saved_as"),
        [
            ("x.html", "x.html.png"),
            ("x", "x.png"),
            ("x.jpeg", "x.jpeg"),
            ("X.HEIC", "X.HEIC"),
            ("x.png.exe", "x.png.exe.png"),
        ],
    )
    def test_what_is_shown_is_saved_by_what_it_is(
        self, get: Callable[..., Any], name: str, saved_as: str
    ) -> None:
        shown = get(picture(), name).headers["Content-Disposition"]
        assert shown == f'inline; filename="{saved_as}"'

    def test_nothing_tells_which_files_are_copies(self, api_for: ApiFor) -> None:
        (ada, bo), cy = make_pair(), make_user()
        first = send(ada, bo.pk, make_upload(ada, picture(), "p.png").pk)
        forward_messages(user=bo, message_ids=[first.id], to=[cy.pk], client_message_id="copy")
        [copy] = api_for(cy).get(f"/api/messages/{bo.pk}").json()
        urls = [file_of(first).url, copy["attachments"][0]["url"]]
        urls += [f"{url}?thumbnail=true" for url in urls]
        assert len({api_for(bo).get(url).headers["ETag"] for url in urls}) == 4

    def test_many_at_once_are_refused(
        self, api_for: ApiFor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each takes a thread, however slowly it is taken."""
        monkeypatch.setattr(serving, "MAX_PER_READER", 2)
        ada, bo = make_pair()
        url = send_file(ada, bo.pk)
        running = [api_for(bo).get(url) for _time in range(2)]
        refused = api_for(bo).get(url)
        assert_refused(refused, 429)
        assert refused.headers["Retry-After"] == "2"
        assert api_for(ada).get(url).getvalue() == PDF
        del running[0]
        gc.collect()
        assert api_for(bo).get(url).getvalue() == PDF
        # Nor, where the site sends as much as it can, has one person more than a few of them.
        monkeypatch.setattr(serving, "MAX_DOWNLOADS", 1)
        monkeypatch.setattr(serving, "SHARE", 1)
        assert_refused(api_for(bo).get(url), 429)
        assert api_for(ada).get(url).getvalue() == PDF

    def test_head_reads_nothing(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        response = api_for(bo).head(send_file(ada, bo.pk, MP4))
        assert (response.status_code, response.getvalue()) == (200, b"")
        assert response.headers["Content-Length"] == str(len(MP4))

    def test_handed_over_to_the_web_server(
        self, get: Callable[..., Any], settings: Settings
    ) -> None:
        settings.MEDIA_ACCEL_PATH = "/protected-media/"
        response = get(MP4, Range="bytes=0-1")
        stored = Attachment.objects.get().stored
        place = f"/protected-media/attachments/{stored[:2]}/{stored}"
        assert response.headers["X-Accel-Redirect"] == place
        assert (response.status_code, response.content) == (200, b"")
        assert response.headers["Content-Type"] == "video/mp4"

    def test_none_that_is_not_there(self, api_for: ApiFor) -> None:
        ada, bo = make_pair()
        address = send_file(ada, bo.pk)
        Attachment.objects.update(stored="0" * 32)
        assert_refused(api_for(bo).get(address), 404)


def test_addresses_are_absolute_for_pages_of_other_origins(
    api_for: ApiFor, settings: Settings
) -> None:
    ada, bo = make_pair()
    address = send_file(ada, bo.pk)
    settings.CLIENT_URLS = settings.CORS_ALLOWED_ORIGINS = ["https://app.example.org"]
    headers = {"Origin": "https://app.example.org"}
    told = json.loads(api_for(bo).get(f"/api/messages/{ada.pk}", headers=headers).content)
    assert told[0]["attachments"][0]["url"] == f"http://testserver{address}"
    served = api_for(bo).get(address, headers=headers)
    assert served.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    settings.PUBLIC_URL = "https://chat.example.org"
    [record] = history(bo, ada.pk, before=None, limit=5)
    assert record.attachments
    assert record.attachments[0].url == f"https://chat.example.org{address}"


def test_what_was_there_before_them_reads_as_before() -> None:
    message = make_message()
    assert message.attachments is None
    assert make_group(make_user())


def test_where_there_is_no_room_for_them_a_few_words_stand(
    page_for: Callable[[User], Client],
) -> None:
    ada, bo = make_pair()
    for keys, words in (
        ([make_upload(ada).pk, make_upload(ada, name="plan.txt").pk], "2 files"),
        ([make_upload(ada).pk], "minutes.pdf"),
    ):
        sent = send(ada, bo.pk, *keys)
        assert words in page_for(bo).get("/").content.decode()
        [quote] = page_for(bo).get(f"/chat/{ada.pk}/quotes?ids={sent.id}").json()
        assert quote["text"] == words
    delete_message(user=ada, message_id=sent.id)
    assert "minutes.pdf" not in page_for(bo).get("/").content.decode()


def test_the_profile_says_how_much_room_ones_own_take(page_for: Callable[[User], Client]) -> None:
    ada, bo = make_pair()
    send(ada, bo.pk, make_upload(ada).pk)
    shown = [page_for(each).get("/profile").content.decode() for each in (ada, bo)]
    taken = f"{len(PDF)}\xa0bytes of 2.0\xa0GB"
    assert [taken in page for page in shown] == [True, False]
    assert 'id="usage"' not in shown[1]


def test_moderators_see_how_much_room_they_take_and_what_they_are_called(
    page_for: Callable[[User], Client],
) -> None:
    ada, bo = make_pair()
    sent = send(ada, bo.pk, make_upload(ada).pk)
    client = page_for(make_user(role="admin"))
    person = client.get(f"/admin/accounts/user/{ada.pk}/change/").content.decode()
    assert f"{len(PDF)}\xa0bytes of 2.0\xa0GB<" in person
    assert (
        "minutes.pdf" in client.get(f"/admin/messaging/message/{sent.id}/change/").content.decode()
    )
    assert page_for(bo).get(f"/admin/accounts/user/{ada.pk}/change/").status_code != 200
