"""What the side bar finds, and which filters can be typed there."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils.html import escape

from accounts.models import User
from messaging.models import SearchBuild, saved_key
from messaging.services.groups import remove_member
from messaging.services.messages import send_message
from messaging.shapes.search_text import HAS
from tests.factories import make_group, make_pair, make_user
from tests.files import make_upload
from tests.limits import SetLimits

pytestmark = pytest.mark.django_db

PageFor = Callable[[User], Client]
HIT = re.compile(r'class="hit" href="([^"]+)"')


def say(sender: User, peer: str, text: str, **fields: list[str]) -> str:
    """The address of the message."""
    sent = send_message(sender=sender, peer=peer, text=text, attachments=fields.get("files"))
    return f"#m-{sent.record.id}"


def test_messages_are_shown_in_their_chats_to_those_who_see_them(page_for: PageFor) -> None:
    ada, bo = make_pair()
    cy = make_user("<b>Cy</b>")
    group = make_group(ada, bo, cy, title="<i>Plans</i>")
    places = [
        f"/chat/{ada.pk}{say(ada, bo.pk, 'a <plan>')}",
        f"/chat/{group}{say(cy, group, 'plan of Cy')}",
        f"/chat/{saved_key(bo.pk)}{say(bo, saved_key(bo.pk), 'my plan')}",
        f"/chat/{cy.pk}{say(bo, cy.pk, '', files=[make_upload(bo, name='plan.pdf').pk])}",
    ]
    html = page_for(bo).get("/search?q=PLAN").content.decode()
    assert HIT.findall(html) == [places[3], *places[::-1]]  # the file by itself first
    for shown in (
        "a &lt;<mark>plan</mark>&gt;",
        "<bdi>&lt;b&gt;Cy&lt;/b&gt;</bdi>: <mark>plan</mark> of Cy",
        "<bdi>&lt;i&gt;Plans&lt;/i&gt;</bdi>",
        "<bdi>Saved messages</bdi>",
        "<mark>plan</mark>.pdf",
    ):
        assert shown in html
    remove_member(user=ada, group=group, person=bo.pk)
    say(ada, group, "a secret plan")
    assert len(HIT.findall(page_for(bo).get("/search?q=plan").content.decode())) == 5
    assert "No messages found" in page_for(make_user()).get("/search?q=plan").content.decode()


def test_filters_are_typed_or_chosen(page_for: PageFor) -> None:
    ada, bo = make_pair()
    group = make_group(ada, bo, title="Weekend trip")
    first = say(ada, bo.pk, "plan https://example.org")
    second, third = say(bo, ada.pk, "plan from:nobody"), say(bo, group, "plan")
    for query, expected in (
        ("plan", [third, second, first]),
        ("plan from:bo", [third, second]),
        ('FROM:"Bo Diddley" plan in:trip', [third]),
        ("plan from:me", [first]),
        ("from:ada", [first]),
        ("plan has:link", [first]),
        ("has:everything plan", []),
        ("plan after:2020-01-01 before:2100-01-01", [third, second, first]),
        ("before:2020-01-01", []),
        ("plan before:2020-99-99", []),
        ("plan before:9999-12-31", []),  # which is no filter, as any year out of 1970 to 2999
        ("plan&after=0001-01-01", [third, second, first]),
        ("plan from:nobody", [second]),  # there is none of that name
        ("plan&has=link", [first]),
        ("plan&has=x", [third, second, first]),
    ):
        html = page_for(ada).get(f"/search?q={query}").content.decode()
        assert [place[place.index("#") :] for place in HIT.findall(html)] == expected, query


CHIP = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]+)">')
OFFERED = re.compile(r'class="suggestion" type="button" name="(\w+)" value="([^"]+)"')


def test_what_is_typed_to_its_end_becomes_a_chip(page_for: PageFor) -> None:
    ada, bo = make_pair()
    group = make_group(ada, bo, title="Weekend trip")
    say(ada, bo.pk, "plan")
    for query, chips, rest in (
        ("from:bo plan", [("from", bo.pk)], "plan"),
        ("plan from:bo", [], "plan from:bo"),  # there may be more of it to come
        ("plan from:bo ", [("from", bo.pk)], "plan "),
        ('in:"weekend trip" from:me ', [("from", ada.pk), ("in", group)], ""),
        ("after:2026-01-31 x", [("after", "2026-01-31")], "x"),
        ("has:link x", [], "x"),
        ("from:nobody x", [], "from:nobody x"),
        (f"x&from={bo.pk}&in={group}", [("from", bo.pk), ("in", group)], "x"),
        (f"from:me x&from={bo.pk}", [("from", ada.pk)], "x"),
        (f"x&in={'0' * 24}&from=x&before=x&has=x", [], "x"),
        (f"&from={bo.pk}", [("from", bo.pk)], ""),
    ):
        html = page_for(ada).get(f"/search?q={query}").content.decode()
        assert CHIP.findall(html) == chips, query
        assert f'data-rest="{escape(rest)}"' in html, query
    client = page_for(ada)
    for zone in ("", "Europe/Berlin", "America/New_York"):
        client.cookies["tz"] = zone
        for day, label in (
            ("0001-01-01", ""),
            ("0202-01-31", ""),
            ("1969-12-31", ""),
            ("1970-01-01", "1 Jan 1970"),
            ("2999-12-31", "31 Dec 2999"),
            ("3000-01-01", ""),
            ("9999-12-31", ""),
        ):
            html = client.get(f"/search?q=x&before={day}").content.decode()
            assert CHIP.findall(html) == [("before", day)] * bool(label), (zone, day)
            assert f"<bdi>{label}</bdi>" in html or not label
    html = page_for(ada).get("/search?q=has:link x").content.decode()
    assert 'value="link" checked' in html


def test_what_can_be_chosen_is_offered_while_it_is_typed(page_for: PageFor) -> None:
    ada, bo = make_pair()
    group = make_group(ada, bo, title="Weekend trip")
    say(ada, bo.pk, "plan")
    cy = make_user("Cy")
    make_group(bo, cy, title="Weekend of others")
    for query, offered in (
        ("plan from:", [("from", bo.pk), ("from", cy.pk), ("from", ada.pk)]),
        ('plan from:"bo d', [("from", bo.pk)]),
        ("in:weekend", [("in", group)]),
        ("in:", [("in", group), ("in", bo.pk)]),
        ("has:p", [("has", kind) for kind in HAS]),
        ("plan", []),
        ("from:bo ", []),
    ):
        html = page_for(ada).get(f"/search?q={query}").content.decode()
        assert sorted(OFFERED.findall(html)) == sorted(offered), query
    html = page_for(ada).get("/search?q=plan before:").content.decode()
    assert '<input class="input" type="date" name="before" min="1970-01-01"' in html
    assert len(HIT.findall(html)) == 1  # as if nothing of it were typed yet


def test_files_and_the_best_first(page_for: PageFor) -> None:
    ada, bo = make_pair()
    best, newest = say(ada, bo.pk, "a plan"), say(ada, bo.pk, "airplanes")
    file = say(ada, bo.pk, "", files=[make_upload(ada, name="plan.pdf").pk])
    for order, expected in (("", [file, file, newest, best]), ("best", [file, file, best, newest])):
        html = page_for(bo).get(f"/search?q=plan&order={order}").content.decode()
        assert [place[place.index("#") :] for place in HIT.findall(html)] == expected
        assert "<h2>Files</h2>" in html


def test_there_is_more_and_it_says_what_is_missing(page_for: PageFor) -> None:
    ada, bo = make_pair()
    for number in range(21):
        say(ada, bo.pk, f"plan {number}")
    SearchBuild.objects.create()
    first = page_for(bo).get("/search?q=plan").content.decode()
    assert "still being indexed" in first
    [more] = re.findall(r'hx-get="([^"]+)"', first)
    rest = page_for(bo).get(more.replace("&amp;", "&")).content.decode()
    assert len(HIT.findall(first)) == 20
    assert len(HIT.findall(rest)) == 1
    assert "<h2>" not in rest


def test_bad_requests(page_for: PageFor, client: Client, set_limits: SetLimits) -> None:
    ada = make_user()
    page = page_for(ada)
    assert page.get("/search").content == page.get("/search?q=%00").content == b""
    assert page.get("/search?q=a&cursor=x").status_code == 404
    assert page.get(f"/search?q={'a' * 10_000}").status_code == 200
    assert page.post("/search").status_code == 405
    assert client.get("/search?q=plan").status_code == 302
    set_limits(searches=1)
    assert [page.get("/search?q=plan").status_code for _ in range(2)][1] == 429
