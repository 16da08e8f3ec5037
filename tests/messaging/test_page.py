"""Where the page opens a conversation, at what was not read yet; and what it shows of groups."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from accounts.models import User
from accounts.services.moderation import ban
from messaging.models import saved_key
from messaging.services.conversations import mark_read
from messaging.services.groups import add_members, remove_member
from messaging.services.messages import delete_message, send_message
from tests.factories import make_group, make_message, make_messages, make_pair, make_user

pytestmark = pytest.mark.django_db
PageFor = Callable[[User], Client]

LINE = re.compile(r'<li class="(older|skipped|unread|message)[^>]*>')
SEQ = re.compile(r'data-seq="(\d+)"')


def lines(client: Client, peer: User, query: str = "") -> list[str]:
    """The numbers of the messages, and what lies between."""
    html = client.get(f"/chat/{peer.pk}{query}").content.decode().partition("<template")[0]
    return [seq[1] if (seq := SEQ.search(line[0])) else line[1] for line in re.finditer(LINE, html)]


def numbers(first: int, last: int) -> list[str]:
    return [str(number) for number in range(first, last + 1)]


def test_what_is_unread_begins_under_a_line(page_for: PageFor) -> None:
    ada, bo = make_pair()
    make_messages(ada, bo, 5)
    mark_read(user=bo, peer=ada.pk, seq=3)
    page = page_for(bo)
    assert lines(page, ada) == ["1", "2", "3", "unread", "4", "5"]
    assert lines(page, ada) == ["1", "2", "3", "unread", "4", "5"], "opening reads nothing"
    assert lines(page_for(ada), bo) == numbers(1, 5)


def test_the_first_unread_message_is_there_however_far_back(page_for: PageFor) -> None:
    ada, bo = make_pair()
    make_messages(ada, bo, 130)
    mark_read(user=bo, peer=ada.pk, seq=20)
    assert lines(page_for(bo), ada) == [
        *("older", *numbers(11, 20), "unread", *numbers(21, 60)),
        *("skipped", *numbers(81, 130)),
    ]
    mark_read(user=bo, peer=ada.pk, seq=50)
    assert lines(page_for(bo), ada) == ["older", *numbers(31, 50), "unread", *numbers(51, 130)]
    assert lines(page_for(bo), ada, "?before=61") == [
        *("older", *numbers(11, 50), "unread", *numbers(51, 60))
    ]


def test_deleted_messages_and_one_s_own_are_not_unread(page_for: PageFor) -> None:
    ada, bo = make_pair()
    make_message(bo, ada, "mine")
    sent = make_messages(ada, bo, 99)
    for message in sent[:30]:
        delete_message(user=ada, message_id=message.pk)
    assert lines(page_for(bo), ada) == [*numbers(1, 31), "unread", *numbers(32, 100)]
    for message in sent[30:]:
        delete_message(user=ada, message_id=message.pk)
    assert lines(page_for(bo), ada) == ["older", *numbers(51, 100)]


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(), "last seen today at 23:30"),
        (timedelta(days=1), "last seen yesterday at 23:30"),
        (timedelta(days=3), "last seen Thursday, 23:30"),
        (timedelta(days=30), "last seen 30 Oct, 23:30"),
        (timedelta(days=400), "last seen 25 Oct 2025, 23:30"),
    ],
)
def test_the_header_says_when_somebody_was_last_online_in_the_reader_s_zone(
    page_for: PageFor, monkeypatch: pytest.MonkeyPatch, ago: timedelta, words: str
) -> None:
    ada, bo = make_pair()
    moment = datetime(2026, 11, 29, 14, 30, tzinfo=UTC)
    monkeypatch.setattr("django.utils.timezone.now", lambda: moment)
    User.objects.filter(pk=bo.pk).update(last_seen_at=moment - ago)
    page = page_for(ada)
    page.cookies["tz"] = "Asia/Tokyo"
    assert f">{words}</time>" in page.get(f"/chat/{bo.pk}").content.decode()
    header = page.get(f"/chat/{bo.pk}/header").content.decode()
    assert f">{words}</time>" in header
    assert ">offline</time>" in page_for(bo).get(f"/chat/{ada.pk}/header").content.decode()
    assert page.get(f"/chat/{'0' * 24}/header").status_code == 404


def test_a_group_shows_its_messages_with_who_wrote_them(page_for: PageFor) -> None:
    ada, bo = make_pair()
    cy = make_user(full_name="Cy Weber")
    group = make_group(ada, bo, cy, title="Book club")
    send_message(sender=bo, peer=group, text="Which one?")

    html = page_for(ada).get(f"/chat/{group}").content.decode()

    pane = html.partition('<section class="sheet conversation"')[2].partition("</section>")[0]
    assert f"\u2068{bo.first_name}\u2069, \u2068Cy\u2069 and you" in pane
    assert "message is-system" in pane
    assert re.search(rf'data-field="sender" data-tone="\d">{bo.full_name}</span>', pane)
    row = html.partition(f'id="chats-{group}"')[2].partition("</a>")[0]
    assert 'data-hint="author"' in row
    assert f'<span data-field="author" dir="auto">{bo.first_name}</span>' in row
    make_message(bo, ada)
    html = page_for(ada).get("/").content.decode()
    assert 'data-hint=""' in html.partition(f'id="chats-{bo.pk}"')[2].partition("</a>")[0]


def test_whoever_has_left_reads_up_to_there_and_writes_nothing(page_for: PageFor) -> None:
    ada, bo = make_pair()
    group = make_group(ada, bo)
    send_message(sender=ada, peer=group, text="Stay")
    remove_member(user=ada, group=group, person=bo.pk)
    send_message(sender=ada, peer=group, text="A secret of those who stay")

    page = page_for(bo)
    html = page.get(f"/chat/{group}").content.decode()
    assert html.count('data-closed="removed"') == 2  # the conversation, and its row
    assert "Stay" in html
    assert "A secret" not in html
    for region in ("members", "receipts?seq=2", "edit", "add"):
        assert page.get(f"/chat/{group}/{region}").status_code == 404, region
    assert page.post(f"/chat/{group}", {"text": "Me too"}).status_code == 403


def test_whoever_left_by_themselves_is_told_so(page_for: PageFor) -> None:
    ada, bo = make_pair()
    group = make_group(ada, bo)
    remove_member(user=bo, group=group, person=bo.pk)
    send_message(sender=ada, peer=group, text="Later")
    html = page_for(bo).get(f"/chat/{group}").content.decode()
    assert html.count('data-closed="left"') == 2


def test_what_came_while_one_was_not_in_the_group_leaves_no_gap(page_for: PageFor) -> None:
    ada, bo = make_pair()
    group = make_group(ada, bo)  # 1
    remove_member(user=ada, group=group, person=bo.pk)  # 2
    for number in range(3):  # 3, 4, 5
        send_message(sender=ada, peer=group, text=str(number))
    add_members(user=ada, group=group, people=[bo.pk])  # 6
    mark_read(user=bo, peer=group, seq=6)

    html = page_for(bo).get(f"/chat/{group}").content.decode().partition("<template")[0]
    shown = [seq[1] for seq in re.finditer(SEQ, html)]
    assert shown == ["1", "2", "6"]
    assert 'class="skipped"' not in html
    assert 'class="older"' not in html


def test_only_admins_are_offered_people_who_are_not_there_yet(page_for: PageFor) -> None:
    ada, bo = make_pair()
    cy = make_user(full_name="Cy Weber")
    group = make_group(ada, bo)
    offered = page_for(ada).get(f"/groups/candidates?group={group}").content.decode()
    assert cy.pk in offered
    assert bo.pk not in offered
    assert page_for(bo).get(f"/groups/candidates?group={group}").status_code == 404
    assert page_for(cy).get(f"/chat/{group}").status_code == 404


def test_names_are_told_of_accounts_that_are_gone_too(page_for: PageFor) -> None:
    ada, bo = make_pair()
    gone = "65f0a1b2c3d4e5f6a7b8c9d0"
    answer = page_for(ada).get(f"/groups/authors?ids={bo.pk},{gone},nonsense").json()
    names = {each["_id"]: each["fullName"] for each in answer}
    assert names == {bo.pk: bo.full_name, gone: "Deleted account"}


def test_many_members_come_by_pages(page_for: PageFor) -> None:
    ada = make_user("Ada Lovelace")
    people = [make_user(f"Guest {number:02}") for number in range(60)]
    group = make_group(ada, *people)
    page = page_for(people[0])

    first = page.get(f"/chat/{group}/details").content.decode()
    assert "61 members" in first
    assert first.count('<li class="member">') == 50
    assert "data-call" not in first.replace("data-leaves data-call", ""), "a member manages nobody"
    more = re.search(r'hx-get="([^"]+)"', first)
    assert more
    rest = page.get(more[1]).content.decode()
    assert rest.count('<li class="member">') == 11
    assert "hx-get" not in rest


def test_a_few_letters_find_one_s_chats_then_people(page_for: PageFor, client: Client) -> None:
    ada, bo = make_user("Ada Lind"), make_user("Lindy Bo")
    cy, _di = make_user("Cy Lindgren"), make_user("Di Weber")
    make_message(bo, ada)
    make_message(cy, bo)  # which is nothing to Ada
    group = make_group(ada, bo, title="Lindau")
    make_group(bo, cy, title="Lindos")

    def found(words: str) -> list[str]:
        html = page_for(ada).get("/chats/found", {"q": words}).content.decode()
        return re.findall('id="found-([0-9a-f]+)"', html)

    saved = saved_key(ada.pk)
    assert found("lind") == [group, bo.pk, saved, cy.pk], "by one's own name, too"
    assert found("SAVED mess") == [saved]
    assert found("") == [group, bo.pk]
    assert found("nobody") == []
    send_message(sender=ada, peer=saved, text="Note")
    assert found("") == [saved, group, bo.pk]
    assert found("saved") == [saved]
    assert client.get("/chats/found?q=lind").status_code == 302


def test_targets_of_forwarding_are_chats_one_may_write_in_and_people(
    page_for: PageFor, client: Client
) -> None:
    ada, bo = make_user("Ada Grove"), make_user("Bo Grove")
    cy = make_user("Cy Grover")
    ban(user=make_user("Di Grove"), reason="spam")
    make_message(bo, ada)
    make_group(bo, ada, title="Grove news", posting="admins")
    group = make_group(ada, bo, title="Groves")
    make_group(bo, cy, title="Grove of others")

    def found(address: str) -> list[str]:
        html = page_for(ada).get(address).content.decode()
        return re.findall('name="people" value="([0-9a-f]+)"', html)

    saved = saved_key(ada.pk)
    assert found("/chats/targets/found?q=grove") == [saved, group, bo.pk, cy.pk]
    assert found("/chats/targets/found?q=groves") == [group]
    assert found("/chats/targets") == [saved, group, bo.pk, cy.pk]
    assert found("/chats/targets/found?q=nobody") == []
    send_message(sender=ada, peer=saved, text="Note")
    make_message(bo, ada)
    assert found("/chats/targets") == [saved, bo.pk, group, cy.pk], "once, and first"
    for address in ("/chats/targets", "/chats/targets/found"):
        assert client.get(address).status_code == 302
