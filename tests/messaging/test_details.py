"""The details of a conversation on the page: about a person, a group, or one's saved messages."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import Client

from accounts.models import User
from messaging.models import saved_key
from messaging.services.groups import change_group, remove_member
from messaging.services.messages import delete_message, send_message
from messaging.services.privacy import change_privacy
from tests.factories import make_group, make_message, make_pair, make_user
from tests.pictures import picture

pytestmark = pytest.mark.django_db

PageFor = Callable[[User], Client]

LINK = "https://example.org"
ITEM = re.compile(r'shared__item" data-message-id="([0-9a-f]{24})"')


def say(sender: User, peer: str, text: str = LINK) -> str:
    return send_message(sender=sender, peer=peer, text=text).record.id


class TestAboutAPerson:
    def test_tells_who_they_are_and_since_when(self, page_for: PageFor) -> None:
        ada, bo = make_pair()
        User.objects.filter(pk=bo.pk).update(created_at=datetime(2024, 2, 29, tzinfo=UTC))
        html = page_for(ada).get(f"/chat/{bo.pk}/details").content.decode()
        assert bo.full_name in html
        assert "Here since February 2024" in html
        assert "Pictures of this chat will be here." in html
        assert "data-lightbox" not in html, "initials are no picture"
        assert 'role="tab" id="details-tab-groups"' not in html
        assert html.count("data-call") == 1, "to block them"

    def test_groups_are_those_that_both_are_in_now(self, page_for: PageFor) -> None:
        ada, bo = make_pair()
        make_group(ada, bo, title="Both")
        make_group(bo, title="Bo alone")
        left = make_group(ada, bo, title="Left")
        remove_member(user=bo, group=left, person=bo.pk)
        html = page_for(ada).get(f"/chat/{bo.pk}/details").content.decode()
        assert "Both" in html
        assert "Bo alone" not in html
        assert "Left" not in html

    @pytest.mark.django_db(transaction=True)
    def test_last_seen_is_told_as_privacy_has_it(self, page_for: PageFor) -> None:
        ada, bo = make_pair()
        User.objects.filter(pk=bo.pk).update(last_seen_at=datetime(2024, 2, 29, tzinfo=UTC))
        path = f"/chat/{bo.pk}/details"
        assert "last seen 29 Feb 2024" in page_for(ada).get(path).content.decode()
        bo.refresh_from_db()
        change_privacy(user=bo, last_seen="nobody")
        assert "last seen" not in page_for(ada).get(path).content.decode()

    @pytest.mark.parametrize("region", ["details", "shared?kind=links"])
    def test_of_nobody_are_404(self, page_for: PageFor, region: str) -> None:
        ada = make_user()
        for key in ("x", "0" * 24, "f" * 24, ada.pk):
            assert page_for(ada).get(f"/chat/{key}/{region}").status_code == 404


class TestShared:
    def test_come_by_pages_with_a_heading_for_each_month(self, page_for: PageFor) -> None:
        ada, bo = make_pair()
        keys = [say(ada, bo.pk, f"{LINK}/{number}") for number in range(35)]
        page = page_for(bo)
        first = page.get(f"/chat/{ada.pk}/shared?kind=links").content.decode()
        more = re.search(r'hx-get="([^"]+)"', first)
        assert more
        rest = page.get(more[1].replace("&amp;", "&")).content.decode()
        assert ITEM.findall(first) + ITEM.findall(rest) == keys[::-1]
        assert "<h3>" in first
        assert "<h3>" not in rest, "the month goes on"
        assert "hx-get" not in rest
        assert f"/chat/{ada.pk}#m-{keys[-1]}" in first

    @pytest.mark.parametrize(
        "query", ["", "kind=", "kind=videos", "kind=links&before=x", "kind=links&before=-1"]
    )
    def test_bad_queries_are_404(self, page_for: PageFor, query: str) -> None:
        message = make_message()
        path = f"/chat/{message.receiver_id}/shared?{query}"
        assert page_for(message.sender).get(path).status_code == 404

    def test_texts_are_escaped(self, page_for: PageFor) -> None:
        ada, bo = make_pair()
        say(ada, bo.pk, f"<script>{LINK}")
        html = page_for(bo).get(f"/chat/{ada.pk}/shared?kind=links").content.decode()
        assert "&lt;script&gt;" in html

    def test_between_others_nobody_sees_them(self, page_for: PageFor) -> None:
        ada, bo = make_pair()
        key = say(ada, bo.pk)
        stranger = page_for(make_user())
        for peer in (ada, bo):
            answer = stranger.get(f"/chat/{peer.pk}/shared?kind=links")
            assert key not in answer.content.decode()
        group = make_group(ada, bo)
        say(ada, group)
        for region in ("details", "shared?kind=links", "shared?kind=pictures"):
            assert stranger.get(f"/chat/{group}/{region}").status_code == 404

    def test_what_was_deleted_is_gone(self, page_for: PageFor) -> None:
        ada, bo = make_pair()
        message = make_message(ada, bo, LINK, image=picture())
        delete_message(user=ada, message_id=message.pk)
        for kind in ("pictures", "links"):
            html = page_for(bo).get(f"/chat/{ada.pk}/shared?kind={kind}").content.decode()
            assert message.pk not in html


class TestAboutAGroup:
    def test_who_has_left_finds_what_they_saw_and_no_more(self, page_for: PageFor) -> None:
        ada, bo = make_pair()
        group = make_group(ada, bo)
        seen = make_message(ada, bo)  # beside it
        seen_key = send_message(sender=ada, peer=group, image=picture()).record.id
        remove_member(user=ada, group=group, person=bo.pk)
        later_key = send_message(sender=ada, peer=group, image=picture()).record.id
        change_group(user=ada, group=group, description="For members")
        html = page_for(bo).get(f"/chat/{group}/details").content.decode()
        assert ITEM.findall(html) == [seen_key]
        assert not {seen.pk, later_key} & set(re.findall("[0-9a-f]{24}", html))
        for words in ("For members", 'class="member"', "Leave group", "Add people", "Since"):
            assert words not in html

    def test_authors_are_named_also_of_deleted_accounts(self, page_for: PageFor) -> None:
        ada, bo = make_pair()
        cy = make_user("Cy Weber")
        group = make_group(ada, bo, cy)
        for sender in (ada, bo, cy):
            say(sender, group)
        cy.delete()
        html = page_for(ada).get(f"/chat/{group}/shared?kind=links").content.decode()
        assert re.findall(r"<bdi>(.*?)</bdi>", html) == ["Deleted account", bo.full_name, "You"]


def test_saved_messages_have_pictures_and_links_and_no_people(page_for: PageFor) -> None:
    ada = make_user()
    key = saved_key(ada.pk)
    page = page_for(ada)
    assert page.get(f"/chat/{key}/details").status_code == 200  # before the first
    image = send_message(sender=ada, peer=key, image=picture()).record.id
    link = say(ada, key)
    html = page.get(f"/chat/{key}/details").content.decode()
    assert ITEM.findall(html) == [image]
    assert "details-tab-people" not in html
    assert "Leave group" not in html
    assert ITEM.findall(page.get(f"/chat/{key}/shared?kind=links").content.decode()) == [link]
    assert page_for(make_user()).get(f"/chat/{key}/details").status_code == 404
