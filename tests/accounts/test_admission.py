"""Who may make an account: the rules of the site, invitations, the owner's code."""

import re
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.links import reset_link
from accounts.models import AuditEntry, Invitation, SitePolicy, User
from accounts.services import admission
from accounts.services.accounts import sign_up
from accounts.services.roles import become_owner
from chatsite.db import now
from chatsite.errors import DomainError
from messaging.models import Message
from tests.concurrency import at_once
from tests.factories import PASSWORD, ApiFor, make_group, make_user
from tests.letters import delivered, link_in, path_in
from tests.limits import SetLimits
from tests.traps import shown_before

pytestmark = pytest.mark.django_db

PageFor = Callable[[User], Client]
SIGN_UP = "/api/auth/signup"
NEEDED = "An account here takes an invitation."
CLOSED = "This site takes no new accounts."
DEAD = "This link no longer works."


def decide(sign_up: str, domains: str = "", *, members_invite: bool = False) -> None:
    SitePolicy.objects.update_or_create(
        pk=1,
        defaults={"sign_up": sign_up, "domains": domains, "members_invite": members_invite},
    )


def fields(email: str = "grace@example.org", **changes: str) -> dict[str, str]:
    return {"fullName": "Grace Hopper", "email": email, "password": PASSWORD, **changes}


def refused(**changes: str) -> tuple[int, str]:
    before = User.objects.count()
    response = APIClient().post(SIGN_UP, fields(**changes), format="json")
    assert User.objects.count() == before
    assert "jwt" not in response.cookies
    return response.status_code, response.json()["message"]


def enters(**changes: str) -> User:
    response = APIClient().post(SIGN_UP, fields(**changes), format="json")
    assert response.status_code == 201, response.content
    return User.objects.get(pk=response.json()["_id"])


def is_confirmed(user: User) -> bool:
    return User.objects.filter(pk=user.pk).exclude(email_confirmed_at=None).exists()


def submitted(path: str, email: str = "grace@example.org") -> Any:
    page = {"full_name": "Grace Hopper", "email": email, "password": PASSWORD}
    return Client().post(path, page | {"shown": shown_before(60)})


def test_the_environment_decides_until_the_admin_does(settings: Settings) -> None:
    enters(email="first@example.org")
    settings.SIGN_UP = "closed"
    assert refused() == (403, CLOSED)
    decide("open")
    enters()


def test_nobody_is_told_anything_where_nobody_is_let_in() -> None:
    """Neither about accounts nor about fields."""
    make_user(email="ada@example.org")
    for rule, words in (("invitation", NEEDED), ("closed", CLOSED)):
        decide(rule)
        assert refused(email="ada@example.org") == (403, words)
        assert refused(email="none", password="") == (403, words)
        assert 'name="email"' not in Client().get("/signup").content.decode()


def test_an_invitation_makes_so_many_accounts_and_no_more() -> None:
    decide("invitation")
    code = admission.invite(user=make_user(role="admin"), days=1, uses=2).code
    assert refused(email="none", invitation=code)[0] == 400  # that one was not used
    for email in ("one@example.org", "two@example.org"):
        assert not enters(email=email, invitation=code).is_staff
    assert refused(invitation=code) == (410, DEAD)


def test_a_refusal_gives_the_use_back() -> None:
    decide("invitation")
    invitation = admission.invite(user=make_user(role="admin"), days=1, uses=1)
    taken = make_user().email
    assert refused(email=taken, invitation=invitation.code) == (400, "Email already exists")
    enters(invitation=invitation.code)


@pytest.mark.django_db(transaction=True)
def test_of_several_at_once_only_as_many_enter_as_are_invited() -> None:
    decide("invitation")
    code = admission.invite(user=make_user(role="admin"), days=1, uses=2).code

    def enter(number: int) -> str:
        try:
            email = f"person-{number}@example.net"
            sign_up(full_name="Any", email=email, password=PASSWORD, invitation=code)
        except DomainError as error:
            return error.code
        return "in"

    assert sorted(at_once([partial(enter, number) for number in range(4)])) == [
        "dead_link",
        "dead_link",
        "in",
        "in",
    ]
    assert User.objects.filter(email__endswith="@example.net").count() == 2


@pytest.mark.parametrize("code", ["x" * 22, "short", "\x00" * 22, "ü" * 22, "x" * 5_000])
def test_a_code_that_is_made_up_opens_nothing(code: str) -> None:
    decide("invitation")
    assert refused(invitation=code)[0] in (400, 410)
    assert submitted(
        f"/signup?invitation={code.encode('unicode_escape').decode()}"
    ).status_code in (
        403,
        410,
    )
    assert not User.objects.exists()


def test_it_ends_with_its_time_its_withdrawal_and_its_inviters_ban() -> None:
    decide("invitation")
    mo = make_user(role="admin")
    first, second, third = (admission.invite(user=mo, days=1, uses=5) for _number in range(3))
    Invitation.objects.filter(pk=first.pk).update(expires_at=now() - timedelta(seconds=1))
    admission.withdraw(user=mo, key=second.pk)
    for each in (first, second):
        assert refused(invitation=each.code) == (410, DEAD)
    User.objects.filter(pk=mo.pk).update(banned_at=now())
    assert refused(invitation=third.code) == (410, DEAD)


@pytest.mark.django_db(transaction=True)
def test_a_mailed_one_is_for_its_address_alone() -> None:
    decide("invitation")
    mo = make_user(role="admin")
    invitation = admission.invite(
        user=mo, days=1, uses=1, email="Grace@Example.org", site="https://x.example"
    )
    [letter] = delivered(to="grace@example.org")
    assert link_in(letter) == f"https://x.example/signup?invitation={invitation.code}"
    words = "This invitation is for grace@example.org."
    assert refused(email="eve@example.org", invitation=invitation.code) == (400, words)
    page = Client().get(path_in(letter)).content.decode()
    assert 'value="grace@example.org"' in page
    assert "readonly" in page
    assert submitted(path_in(letter)).status_code == 302
    assert User.objects.filter(email="grace@example.org").exists()


@pytest.mark.django_db(transaction=True)
def test_an_address_of_a_listed_domain_asks_for_one() -> None:
    decide("domains", "Example.org, münchen.example\nexample.net")
    assert refused() == (403, NEEDED)
    for other in ("eve@example.com", "eve@sub.example.org", "eve@notexample.org", "example.org"):
        assert Client().post("/signup", {"email": other}).status_code == 400
    assert not delivered()
    make_user(email="ada@example.org")
    for email in ("grace@EXAMPLE.org", "ada@example.org"):  # who has an account is not told
        asked = Client().post("/signup", {"email": email})
        assert (asked.status_code, asked["Location"]) == (302, "/signup/sent")
    assert Client().get("/signup/sent").status_code == 200
    [letter] = delivered(to="grace@example.org")
    assert submitted(path_in(letter), "eve@example.org").status_code == 400
    assert submitted(path_in(letter)).status_code == 302
    assert submitted(path_in(letter)).status_code == 410


def test_members_invite_only_where_they_may(page_for: PageFor) -> None:
    ada, bo, mo = make_user(), make_user(), make_user(role="admin")
    form = {"email": "", "uses": "5", "days": "7"}

    def invites(person: User) -> int:
        page_for(person).post("/profile/invitations", form)
        return person.invitations.count()

    assert (invites(ada), invites(mo)) == (0, 1)
    assert "Invitations" not in page_for(ada).get("/profile").content.decode()
    decide("invitation", members_invite=True)
    assert invites(ada) == 1
    invitation = ada.invitations.get()
    shown = page_for(ada).get("/profile").content.decode()
    assert f"/signup?invitation={invitation.code}" in shown
    assert 'class="qr"' in shown
    # Others neither see nor end it.
    page_for(bo).post(f"/profile/invitations/{invitation.pk}")
    assert invitation.code not in page_for(bo).get("/profile").content.decode()
    assert refused(email="none", invitation=invitation.code)[0] == 400
    page_for(ada).post(f"/profile/invitations/{invitation.pk}")
    assert refused(invitation=invitation.code) == (410, DEAD)
    # Nor do those go on of people who may not invite any more.
    page_for(ada).post("/profile/invitations", form)
    code = admission.invitations_of(ada).get().code
    decide("invitation")
    assert refused(invitation=code) == (410, DEAD)
    decide("invitation", members_invite=True)
    enters(invitation=code)
    decide("closed", members_invite=True)
    assert invites(mo) == 1


@pytest.mark.parametrize(
    "changes", [{"uses": 0}, {"uses": 1001}, {"days": 0}, {"days": 91}, {"email": "none"}]
)
def test_an_invitation_that_cannot_be_is_refused(changes: dict[str, Any]) -> None:
    mo = make_user(role="admin")
    with pytest.raises(DomainError):
        admission.invite(**{"user": mo, "days": 1, "uses": 1, **changes})
    assert not Invitation.objects.exists()


def test_one_person_has_so_many_at_a_time() -> None:
    mo = make_user(role="admin")
    made = [admission.invite(user=mo, days=1, uses=1) for _number in range(50)]
    with pytest.raises(DomainError, match="50 invitations"):
        admission.invite(user=mo, days=1, uses=1)
    admission.withdraw(user=mo, key=made[0].pk)
    admission.invite(user=mo, days=1, uses=1)


def becomes_owner(code: str, email: str = "grace@example.org", **changes: str) -> Any:
    """By the page of a new site."""
    page = {"code": code, "full_name": "Grace Hopper", "email": email, "password": PASSWORD}
    return Client().post("/start", {**page, "shown": shown_before(60), **changes})


def test_the_first_account_is_the_owners_by_the_printed_code(
    capsys: pytest.CaptureFixture[str], settings: Settings
) -> None:
    settings.PUBLIC_URL = ""
    call_command("owner_link", site="http://127.0.0.1:8000")
    printed = capsys.readouterr().out
    where, _words, code = printed.strip().partition(" with the code ")
    assert re.fullmatch(r"([A-Z2-7]{5}-){3}[A-Z2-7]{5}", code)
    assert where.endswith(" at http://127.0.0.1:8000/start")
    stranger = enters(email="stranger@example.org")  # the site is open, but has no owner by that
    assert stranger.role == ""
    decide("closed")
    assert "you decide who comes in" in Client().get("/start").content.decode()
    typed = code.replace("-", " ").lower()
    assert becomes_owner(typed).status_code == 302
    owner = User.objects.get(email="grace@example.org")
    assert owner.role == "owner"
    # It works once, and there is but one owner.
    with pytest.raises(CommandError, match="has an owner"):
        call_command("createsuperuser", email="x@example.org", full_name="X", interactive=False)
    assert Client().get("/start").headers["Location"] == "/login"
    assert becomes_owner(code, "eve@example.org").headers["Location"] == "/login"
    with pytest.raises(DomainError, match=DEAD):
        admission.check_owner_code(code)
    assert refused(email="eve@example.org", invitation=code) == (403, CLOSED)
    call_command("owner_link", site="http://127.0.0.1:8000")
    assert capsys.readouterr().out == ""


def test_nobody_becomes_the_owner_by_another_code(settings: Settings) -> None:
    """Not even somebody who might make an ordinary account: that page is another one."""
    code = admission.owner_code()
    settings.SECRET_KEY = "of another site"
    other = admission.owner_code()
    for tried in ("", "ABCDE-ABCDE-ABCDE-ABCDE", code, other[:-1], other + "A", "é"):
        response = becomes_owner(tried)
        assert response.status_code == 400
        assert "That is not the code." in response.content.decode()
    assert not User.objects.exists()
    assert becomes_owner(other, full_name=" ").status_code == 400  # all else is checked, too
    assert not User.objects.exists()


def test_who_has_an_account_becomes_the_owner_by_the_code(page_for: PageFor) -> None:
    ada, bo = make_user(), make_user(role="moderator")
    code = admission.owner_code()
    page = page_for(ada)
    assert "Become the owner" in page.get("/start").content.decode()
    mine = {"code": code, "password": PASSWORD}
    for wrong, words in (
        ({"code": "WRONG"}, "That is not the code."),
        ({"password": ""}, "Enter your password."),
        ({"password": "of somebody else"}, "This is not your current password."),
    ):
        refused = page.post("/start", mine | wrong)
        assert refused.status_code == 400
        assert words in refused.content.decode()
        ada.refresh_from_db()
        assert ada.role == ""
    assert page.post("/start", mine).headers["Location"] == "/"
    ada.refresh_from_db()
    assert ada.role == "owner"
    assert page_for(bo).get("/start").headers["Location"] == "/"
    assert page_for(bo).post("/start", mine).headers["Location"] == "/"
    bo.refresh_from_db()
    assert bo.role == "moderator"


@pytest.mark.django_db(transaction=True)
def test_of_several_with_accounts_one_becomes_the_owner() -> None:
    people = [make_user() for _number in range(4)]
    code = admission.owner_code()

    def claim(user: User) -> str:
        try:
            become_owner(user=user, code=code, password=PASSWORD)
        except DomainError as error:
            return error.code
        return "owner"

    done = sorted(at_once([partial(claim, user) for user in people]))
    assert done == ["dead_link", "dead_link", "dead_link", "owner"]
    assert User.objects.filter(role="owner").count() == 1


def test_guesses_at_the_code_are_counted(set_limits: SetLimits) -> None:
    set_limits(sign_ups_per_hour=2)
    codes = ["WRONG", "WRONG", admission.owner_code()]
    assert [becomes_owner(code).status_code for code in codes] == [400, 400, 429]
    assert not User.objects.exists()


def test_new_sites_offer_the_owners_account_and_no_others_do() -> None:
    for path in ("/login", "/signup"):
        assert 'href="/start"' in Client().get(path).content.decode()
    decide("closed")
    assert 'href="/start"' in Client().get("/signup").content.decode()
    link = Client().get(f"/signup?invitation={admission.owner_code()}")
    assert link.headers["Location"] == "/start"
    make_user(role="owner")
    for path in ("/login", "/signup"):
        assert "/start" not in Client().get(path).content.decode()


@pytest.mark.django_db(transaction=True)
def test_the_log_of_a_new_site_has_the_code(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    def lines() -> list[str]:
        caplog.clear()
        admission.log_owner_code()
        assert admission.log_queue.wait(10)
        return [record.getMessage() for record in caplog.records]

    settings.PUBLIC_URL = "https://chat.example.org"
    assert lines() == []  # where it is printed
    settings.PRODUCTION = True
    [line] = lines()
    assert line.endswith(f"https://chat.example.org/start with the code {admission.owner_code()}")
    make_user(role="owner")
    assert lines() == []


@pytest.mark.django_db(transaction=True)
def test_of_several_who_have_the_owners_code_at_once_one_becomes_the_owner() -> None:
    decide("invitation")
    code = admission.owner_code()

    def enter(number: int) -> str:
        try:
            email = f"person-{number}@example.net"
            sign_up(full_name="Any", email=email, password=PASSWORD, invitation=code)
        except DomainError as error:
            return error.code
        return "in"

    came = sorted(at_once([partial(enter, number) for number in range(4)]))
    assert came == ["dead_link", "dead_link", "dead_link", "in"]
    assert User.objects.get().role == "owner"


def test_admins_decide_in_the_admin_and_it_is_recorded(page_for: PageFor) -> None:
    su = make_user(role="admin")
    page = page_for(su)
    assert page.get("/admin/accounts/sitepolicy/").url == "/moderation/rules"  # type: ignore[attr-defined]
    admission.stored_policy()
    shown = page.get("/admin/accounts/sitepolicy/", follow=True)
    change = shown.redirect_chain[-1][0]
    chosen = {"sign_up": "invitation", "domains": "", "members_invite": "on"}
    chosen |= {"new_hours": "0", "new_messages": "30", "strangers_per_day": "0"}
    assert page.post(change, chosen).status_code == 302
    assert (admission.site_policy().sign_up, admission.may_invite(make_user())) == (
        "invitation",
        True,
    )
    entry = AuditEntry.objects.get()
    assert (entry.actor, entry.what[:7]) == (su.pk, "Changed")
    mo = page_for(make_user(role="moderator"))
    assert mo.get(change).status_code == 403
    assert mo.post(change, {**chosen, "sign_up": "open"}).status_code == 403
    assert mo.get("/admin/accounts/sitepolicy/").status_code == 403
    assert admission.site_policy().sign_up == "invitation"


def test_admins_see_and_end_invitations_but_not_their_codes(page_for: PageFor) -> None:
    decide("invitation", members_invite=True)
    invitation = admission.invite(user=make_user("Ada Lovelace"), days=1, uses=3)
    mo = page_for(make_user(role="admin"))
    address = f"/admin/accounts/invitation/{invitation.pk}"
    for path in ("/admin/accounts/invitation/", f"{address}/change/"):
        shown = mo.get(path).content.decode()
        assert "Ada Lovelace" in shown
        assert invitation.code not in shown
    assert page_for(make_user(role="moderator")).post(f"{address}/act/withdraw/").status_code == 403
    assert mo.post(f"{address}/act/withdraw/").status_code == 302
    assert refused(invitation=invitation.code) == (410, DEAD)
    assert page_for(make_user()).post(f"{address}/act/withdraw/").status_code == 302  # to log-in


def test_the_page_says_how_one_gets_in() -> None:
    for rule, words in (("invitation", "By invitation"), ("closed", "No new accounts")):
        decide(rule)
        asked = Client().get("/signup")
        assert asked.status_code == 403
        assert words in asked.content.decode()
        assert "Create an account" not in Client().get("/login").content.decode()
    decide("invitation")
    dead = Client().get(f"/signup?invitation={'x' * 22}")
    assert dead.status_code == 410
    assert "Ask for a new one" in dead.content.decode()


@pytest.mark.django_db(transaction=True)
def test_the_welcome_confirms_the_address_by_a_button() -> None:
    ada = enters(email="ada@example.org")
    [letter] = delivered(to="ada@example.org")
    path = path_in(letter)
    assert "Is this your e-mail address?" in Client().get(path).content.decode()
    assert not is_confirmed(ada)  # scanners of mail open links, too
    assert Client().post(path)["Location"] == "/login"
    assert is_confirmed(ada)
    assert len(delivered(to="ada@example.org")) == 1  # no word of a change
    assert Client().post(path[:-1] + ("x" if path[-1] != "x" else "y")).status_code == 410


@pytest.mark.django_db(transaction=True)
def test_the_profile_asks_until_it_is_confirmed(page_for: PageFor) -> None:
    ada = make_user(email="ada@example.org")
    page = page_for(ada)
    assert "not confirmed yet" in page.get("/profile").content.decode()
    assert page.post("/profile/address/check").status_code == 302
    [letter] = delivered(to="ada@example.org")
    assert page.post(path_in(letter))["Location"] == "/profile"
    assert "not confirmed yet" not in page.get("/profile").content.decode()
    for _number in range(6):
        told = page.post("/profile/address/check", follow=True).content.decode()
    assert "That was a lot in a short time." in told


def test_an_invitation_by_mail_and_a_new_password_confirm_it_too() -> None:
    mo = make_user(role="admin")
    invitation = admission.invite(user=mo, days=1, uses=1, email="grace@example.org")
    assert is_confirmed(enters(invitation=invitation.code))
    link = admission.invite(user=mo, days=1, uses=1)
    ada = enters(email="ada@example.org", invitation=link.code)
    assert not is_confirmed(ada)
    path = reset_link("", ada)
    assert Client().post(path, {"new_password": "another one"}).status_code == 302
    assert is_confirmed(ada)


def test_where_it_takes_that_nobody_else_begins_a_chat_or_a_group(api_for: ApiFor) -> None:
    ada, bo, mo = make_user(), make_user(), make_user(role="admin")
    group = make_group(mo, ada)
    SitePolicy.objects.create(confirmed_first=True)
    words = "Confirm your e-mail address first: your profile sends you the link."
    refusal = (403, {"message": words})

    def sends(person: User, peer: str) -> tuple[int, Any]:
        response = api_for(person).post(f"/api/messages/send/{peer}", {"text": "Hello"})
        return response.status_code, response.json()

    def begins(person: User) -> tuple[int, Any]:
        response = api_for(person).post("/api/groups", {"name": "Any", "people": [bo.pk]})
        return response.status_code, response.json()

    assert (sends(ada, bo.pk), begins(ada)) == (refusal, refusal)
    assert not Message.objects.filter(sender=ada).exists()
    assert api_for(bo).get(f"/api/messages/{ada.pk}").json() == []
    assert (sends(ada, group)[0], sends(mo, ada.pk)[0], sends(ada, mo.pk)[0]) == (201, 201, 201)
    User.objects.filter(pk=ada.pk).update(email_confirmed_at=now())
    assert (sends(ada, bo.pk)[0], begins(ada)[0], sends(bo, ada.pk)[0]) == (201, 201, 201)
