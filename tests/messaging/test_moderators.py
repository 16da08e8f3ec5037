"""What moderators do beside reports, by pages of the site: each with the rights of their role."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEntry, SitePolicy, User
from accounts.services.audit import record
from tests.factories import make_message, make_user
from tests.messaging.test_reports import reported

pytestmark = pytest.mark.django_db
PageFor = Callable[[User], Client]
PAGES = ("/moderation/people", "/moderation/rules", "/moderation/record")


def text(answer: Any) -> str:
    return str(answer.content.decode())


def entries() -> list[tuple[str, str]]:
    return list(AuditEntry.objects.order_by("number").values_list("what", "key"))


@pytest.mark.parametrize(
    ("role", "seen"), [("", 0), ("moderator", 1), ("admin", 3), ("owner", 3), (None, 0)]
)
def test_who_finds_which_pages(page_for: PageFor, role: str | None, seen: int) -> None:
    page = Client() if role is None else page_for(make_user(role=role))
    found = [page.get(path).status_code for path in PAGES]
    assert found == [200] * seen + [302 if role is None else 404] * (3 - seen)
    if seen:
        shown = text(page.get(PAGES[0]))
        assert [f'href="{path}"' in shown for path in PAGES] == [True] * seen + [False] * (3 - seen)
    ada = make_user("Ada")
    told = page.post(f"/moderation/people/{ada.pk}/ban", {"reason": "Spam"}).status_code
    assert told == (302 if seen or role is None else 404)
    ada.refresh_from_db()
    assert ada.is_banned is bool(seen)
    given = {"sign_up": "closed", "new_hours": 0, "new_messages": 1, "strangers_per_day": 0}
    page.post(PAGES[1], given)
    assert SitePolicy.objects.filter(sign_up="closed").exists() is (seen == 3)


def test_people_are_found(page_for: PageFor) -> None:
    page = page_for(make_user("Mo", role="moderator"))
    make_user("Ada Lovelace", username="ada_l")
    make_user("Bo Diddley", email="bo@x.example", banned_at=make_user().created_at)
    for words, state, names in (
        ("lovelace", "", {"Ada Lovelace"}),
        ("@Ada_L", "", {"Ada Lovelace"}),
        ("bo@x", "", {"Bo Diddley"}),
        ("", "banned", {"Bo Diddley"}),
        ("", "moderator", set()),
        ("nobody at all", "", set()),
    ):
        shown = text(page.get(PAGES[0], {"q": words, "state": state, "page": "1"}))
        assert {each for each in ("Ada Lovelace", "Bo Diddley") if each in shown} == names
    assert page.get(PAGES[0], {"page": "x"}).status_code == 200


def test_each_acts_on_those_below_alone_and_leaves_an_entry(page_for: PageFor) -> None:
    moderator, admin = make_user("Mo", role="moderator"), make_user("Adele", role="admin")
    ada = make_user("Ada")
    reported(moderator, make_message(ada, moderator).pk)
    page, path = page_for(moderator), f"/moderation/people/{ada.pk}"
    shown = text(page.get(path))
    assert f"{path}/ban" in shown
    assert f"{path}/promote" not in shown
    assert "Spam" in shown  # for which they were reported
    assert "What you can do" not in text(page.get(f"/moderation/people/{admin.pk}"))
    for key, act in ((admin.pk, "ban"), (ada.pk, "promote"), (ada.pk, "hand_over"), (ada.pk, "x")):
        answer = page.post(f"/moderation/people/{key}/{act}", {"reason": "No"}, follow=True)
        assert "you are not allowed to do it" in text(answer)
    assert "Enter a reason" in text(page.post(f"{path}/ban", follow=True))
    assert entries() == []
    assert not User.objects.exclude(banned_at=None).exists()
    assert page.get(f"{path}/ban").status_code == 405
    for key in ("0" * 24, "nobody"):
        assert page.get(f"/moderation/people/{key}").status_code == 404

    assert "Banned: Spam" in text(page.post(f"{path}/ban", {"reason": "Spam"}, follow=True))
    assert "Ban lifted" in text(page_for(admin).post(f"{path}/unban", follow=True))
    assert "Made a moderator" in text(page_for(admin).post(f"{path}/promote", follow=True))
    ada.refresh_from_db()
    assert (ada.role, ada.is_banned) == ("moderator", False)
    assert entries() == [
        ("Banned: Spam", ada.pk),
        ("Ban lifted", ada.pk),
        ("Made a moderator", ada.pk),
    ]


def test_rules_are_changed_and_that_is_recorded(page_for: PageFor) -> None:
    page = page_for(make_user(role="admin"))
    shown = text(page.get(PAGES[1]))
    assert shown.count("<label") == 13
    assert not SitePolicy.objects.exists()  # who looks decides nothing
    rules = {"sign_up": "domains", "domains": "x.example", "requests": "on", "new_hours": "4"}
    given = {**rules, "new_messages": "9", "strangers_per_day": "3"}
    for _again in range(2):
        assert "Saved." in text(page.post(PAGES[1], given, follow=True))
    policy = SitePolicy.objects.get()
    assert (policy.sign_up, policy.requests, policy.strangers_per_day) == ("domains", True, 3)
    assert not policy.shows_addresses
    [(changed, _key)] = entries()
    assert "Who may make an account" in changed
    refused = text(page.post(PAGES[1], {**given, "new_messages": "0", "sign_up": "all"}))
    assert refused.count("field__error") == 2
    assert SitePolicy.objects.get().sign_up == "domains"


@pytest.mark.parametrize("are_shown", [True, False])
def test_who_opens_the_site_to_anybody_is_told_that_addresses_are_shown(
    page_for: PageFor, are_shown: bool
) -> None:
    SitePolicy.objects.create(sign_up="closed", shows_addresses=are_shown)
    given = {"sign_up": "open", "new_hours": 0, "new_messages": 1, "strangers_per_day": 0}
    given |= {"shows_addresses": "on"} if are_shown else {}
    page = page_for(make_user(role="admin"))
    told = "everybody sees e-mail addresses."
    assert (told in text(page.post(PAGES[1], given, follow=True))) is are_shown
    assert told not in text(page.post(PAGES[1], {**given, "new_messages": 2}, follow=True))


def test_the_record_is_read_back_to_its_beginning(page_for: PageFor) -> None:
    admin, ada = make_user("Adele", role="admin"), make_user("Ada")
    for number in range(60):
        record(by=admin, what=f"Act {number}.", about=User, key=ada.pk, name="Ada")
    page = page_for(admin)
    first = text(page.get(PAGES[2]))
    assert "Act 59." in first
    assert "Act 9." not in first
    assert f"/moderation/people/{ada.pk}" in first
    assert "Act 9." in text(page.get(PAGES[2], {"before": "11"}))
    assert "Act 9." in text(page.get(PAGES[2], {"q": "act 9."}))
    assert len(entries()) == 60
