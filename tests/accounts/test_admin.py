"""Moderation of people and sessions, and the record of it."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import AuditEntry, Session, User
from accounts.services import roles
from accounts.services.accounts import authenticate
from chatsite.db import now
from chatsite.errors import DomainError
from tests.factories import PASSWORD, make_session, make_user
from tests.recording import Events

pytestmark = pytest.mark.django_db

PageFor = Callable[[User], Client]
PEOPLE = "/admin/accounts/user/"
SESSIONS = "/admin/accounts/session/"
RECORD = "/admin/accounts/auditentry/"


def moderator() -> User:
    return make_user("Mo Derator", role="moderator")


def admin() -> User:
    return make_user("Ad Min", role="admin")


def owner() -> User:
    return make_user("Ow Ner", role="owner")


def ban_address(person: User) -> str:
    return f"{PEOPLE}{person.pk}/act/ban/"


def entries() -> list[tuple[str, str, str]]:
    """Moderator, what, to whom; the oldest first."""
    rows = AuditEntry.objects.order_by("number")
    return [(row.actor_name, row.what, _bare(row.name)) for row in rows]


def _bare(name: str) -> str:
    return name.strip("\u2068\u2069")


def test_visitors_are_led_to_the_log_in_of_the_site() -> None:
    response = Client().get("/admin/", follow=True)
    assert response.redirect_chain[-1][0] == "/login?next=/admin/"


def test_people_without_the_right_are_led_back_to_their_chats(page_for: PageFor) -> None:
    response = page_for(make_user()).get("/admin/accounts/user/", follow=True)
    assert response.redirect_chain[-1][0] == "/"


def test_log_in_of_somebody_signed_in_leads_on(page_for: PageFor) -> None:
    assert page_for(moderator()).get("/admin/login/").headers["Location"] == "/admin/"


def test_log_out_of_the_admin_ends_the_session_by_post_alone(page_for: PageFor) -> None:
    mo = moderator()
    page = page_for(mo)
    page.get("/admin/logout/", follow=True)
    assert Session.objects.active_of(mo).count() == 1
    page.post("/admin/logout/", follow=True)
    assert Session.objects.active_of(mo).count() == 0


def test_password_is_changed_on_the_profile(page_for: PageFor) -> None:
    response = page_for(moderator()).get("/admin/password_change/")
    assert response.headers["Location"] == "/profile"


def test_moderators_see_people_sessions_and_nothing_else(page_for: PageFor) -> None:
    apps = page_for(moderator()).get("/admin/").context["app_list"]
    names = [str(model["name"]) for app in apps for model in app["models"]]
    assert names == ["People", "Sessions"]


def test_admins_see_the_rest_too(page_for: PageFor) -> None:
    apps = page_for(admin()).get("/admin/").context["app_list"]
    names = {str(model["name"]) for app in apps for model in app["models"]}
    more = {"Exports", "Imports", "Jobs", "Record", "Rules of the site"}
    assert names == {"Invitations", "People", "Sessions", "Groups", "Messages"} | more


@pytest.mark.parametrize("words", ["weber", "jonas@weber.example"])
def test_people_are_found_by_name_and_address(page_for: PageFor, words: str) -> None:
    make_user("Jonas Weber", email="jonas@weber.example")
    make_user("Layla Haddad")
    html = page_for(moderator()).get(PEOPLE, {"q": words}).content.decode()
    assert "Jonas Weber" in html
    assert "Layla Haddad" not in html


@pytest.mark.parametrize("words", ["Ann@BÜCHER.example", "bücher.example", "xn--bcher", "ann@xn"])
def test_people_are_found_by_a_domain_in_either_script(page_for: PageFor, words: str) -> None:
    make_user("Ann Onymous", email="ann@xn--bcher-kva.example")
    html = page_for(moderator()).get(PEOPLE, {"q": words}).content.decode()
    assert "Ann Onymous" in html


def test_people_are_listed_by_state(page_for: PageFor) -> None:
    page = page_for(moderator())
    page.post(ban_address(make_user("Jonas Weber")), {"reason": "Spam"})
    banned = page.get(PEOPLE, {"state": "banned"}).content.decode()
    moderators = page.get(PEOPLE, {"state": "moderator"}).content.decode()
    assert "Jonas Weber" in banned
    assert "Jonas Weber" not in moderators
    assert "Mo Derator" in moderators


@pytest.mark.parametrize("lookup", ["password__startswith", "email__startswith", "role__exact"])
def test_columns_cannot_be_guessed_in_the_address(page_for: PageFor, lookup: str) -> None:
    assert page_for(admin()).get(PEOPLE, {lookup: "a"}).status_code == 400


def test_page_of_a_person_shows_no_password(page_for: PageFor) -> None:
    jonas = make_user("Jonas Weber")
    html = page_for(admin()).get(f"{PEOPLE}{jonas.pk}/change/").content.decode()
    assert jonas.email in html
    assert jonas.password not in html


def test_people_are_not_added_edited_or_deleted(page_for: PageFor) -> None:
    jonas = make_user("Jonas Weber")
    page = page_for(admin())
    data = {"full_name": "Other", "email": "other@example.org", "role": "owner"}
    assert page.get(f"{PEOPLE}add/").status_code == 403
    assert page.post(f"{PEOPLE}{jonas.pk}/change/", data).status_code == 403
    assert page.post(f"{PEOPLE}{jonas.pk}/delete/", {"post": "yes"}).status_code == 403
    jonas.refresh_from_db()
    assert (jonas.full_name, jonas.role) == ("Jonas Weber", "")


def test_ban_signs_out_everywhere_and_is_explained_at_log_in(
    events: Events, page_for: PageFor
) -> None:
    jonas = make_user("Jonas Weber")
    theirs = [make_session(jonas), make_session(jonas)]
    page_for(moderator()).post(ban_address(jonas), {"reason": " Spam,\nagain "})
    assert {pushed.to for pushed in events} == {f"session.{session.pk}" for session in theirs}
    assert Session.objects.active_of(jonas).count() == 0
    with pytest.raises(DomainError, match="suspended: Spam, again"):
        authenticate(email=jonas.email, password=PASSWORD)
    assert entries() == [("Mo Derator", "Banned: Spam, again", "Jonas Weber")]


def test_ban_leaves_others_signed_in(events: Events, page_for: PageFor) -> None:
    layla = make_user("Layla Haddad")
    make_session(layla)
    page_for(moderator()).post(ban_address(make_user()), {"reason": "Spam"})
    assert Session.objects.active_of(layla).count() == 1
    assert len(events) == 0


@pytest.mark.parametrize("reason", ["", " \n", "a\x00b", "x" * 301])
def test_ban_needs_a_reason(page_for: PageFor, reason: str) -> None:
    jonas = make_user()
    page_for(moderator()).post(ban_address(jonas), {"reason": reason})
    jonas.refresh_from_db()
    assert not jonas.is_banned
    assert entries() == []


def test_lifted_ban_lets_the_person_in_again(page_for: PageFor) -> None:
    jonas = make_user("Jonas Weber")
    page = page_for(moderator())
    page.post(ban_address(jonas), {"reason": "Spam"})
    page.post(f"{PEOPLE}{jonas.pk}/act/unban/")
    assert authenticate(email=jonas.email, password=PASSWORD) == jonas
    assert entries()[1:] == [("Mo Derator", "Ban lifted", "Jonas Weber")]


def test_second_ban_does_not_overwrite_the_reason(page_for: PageFor) -> None:
    jonas = make_user()
    page = page_for(moderator())
    page.post(ban_address(jonas), {"reason": "First"})
    page.post(ban_address(jonas), {"reason": "Second"})
    jonas.refresh_from_db()
    assert jonas.ban_reason == "First"
    assert len(entries()) == 1


def test_nobody_bans_themselves(page_for: PageFor) -> None:
    for mo in (moderator(), admin(), owner()):
        page_for(mo).post(ban_address(mo), {"reason": "Tired"})
        mo.refresh_from_db()
        assert not mo.is_banned


RANKS = [make_user, moderator, admin, owner]


def test_each_acts_on_those_below_alone(page_for: PageFor) -> None:
    """Bans and sessions; nobody on others of the same role, nor on the owner."""
    people = [make_user("Jonas Weber"), *(make() for make in RANKS[1:])]
    others = [make_user("Layla Haddad"), moderator(), admin()]
    for rank, person in enumerate(people):
        page = page_for(person)
        for other_rank, other in enumerate(others):
            session = make_session(other)
            page.post(ban_address(other), {"reason": "Coup"})
            page.post(f"{SESSIONS}{session.pk}/act/revoke/")
            other.refresh_from_db()
            assert other.is_banned == (rank > other_rank)
            assert Session.objects.active_of(other).exists() == (rank <= other_rank)
            User.objects.filter(pk=other.pk).update(banned_at=None)
        session = make_session(people[-1])
        page.post(ban_address(people[-1]), {"reason": "Coup"})
        page.post(f"{SESSIONS}{session.pk}/act/revoke/")
        people[-1].refresh_from_db()
        assert not people[-1].is_banned


def test_a_ban_by_somebody_above_is_not_lifted_from_below(page_for: PageFor) -> None:
    mo = moderator()
    page_for(owner()).post(ban_address(mo), {"reason": "Left us"})
    page_for(moderator()).post(f"{PEOPLE}{mo.pk}/act/unban/")
    mo.refresh_from_db()
    assert mo.is_banned


def test_moderators_sign_themselves_out_elsewhere(page_for: PageFor) -> None:
    mo = moderator()
    elsewhere = make_session(mo)
    page_for(mo).post(f"{SESSIONS}{elsewhere.pk}/act/revoke/")
    assert elsewhere not in Session.objects.active_of(mo)


def test_banned_moderator_gets_no_admin(page_for: PageFor) -> None:
    mo = moderator()
    page = page_for(mo)
    page_for(admin()).post(ban_address(mo), {"reason": "Snooping"})
    assert page.get("/admin/").status_code == 302


def role_of(person: User) -> str:
    person.refresh_from_db()
    return person.role


def test_admins_make_moderators_and_the_owner_admins(page_for: PageFor) -> None:
    jonas = make_user("Jonas Weber")
    address = f"{PEOPLE}{jonas.pk}/act/"
    for act in ("promote", "make_admin", "hand_over"):
        page_for(moderator()).post(f"{address}{act}/")
        assert role_of(jonas) == ""
    by_admin, by_owner = page_for(admin()), page_for(owner())
    for page, act, role in (
        (by_admin, "make_admin", ""),
        (by_admin, "promote", "moderator"),
        (by_admin, "make_admin", "moderator"),
        (by_admin, "demote", ""),
        (by_owner, "hand_over", ""),
        (by_owner, "make_admin", "admin"),
        (by_admin, "demote", "admin"),
        (by_admin, "promote", "admin"),
        (by_owner, "promote", "moderator"),
        (by_owner, "make_admin", "admin"),
        (by_owner, "demote", ""),
    ):
        page.post(f"{address}{act}/")
        assert role_of(jonas) == role
    assert [what for _who, what, _whom in entries()] == [
        *("Made a moderator", "Role taken away", "Made an admin", "Made a moderator"),
        *("Made an admin", "Role taken away"),
    ]


def test_nobody_who_is_banned_gets_a_role(page_for: PageFor) -> None:
    jonas = make_user("Jonas Weber", banned_at=now())
    page_for(owner()).post(f"{PEOPLE}{jonas.pk}/act/promote/")
    assert role_of(jonas) == ""


def test_the_owner_hands_the_site_over_and_by_that_alone_ceases_to_be_one(
    page_for: PageFor,
) -> None:
    ow, ad = owner(), admin()
    page = page_for(ow)
    for act in ("demote", "promote", "make_admin", "ban"):
        page.post(f"{PEOPLE}{ow.pk}/act/{act}/", {"reason": "Tired"})
        page_for(ad).post(f"{PEOPLE}{ow.pk}/act/{act}/", {"reason": "Coup"})
    assert role_of(ow) == "owner"
    page_for(ad).post(f"{PEOPLE}{ow.pk}/act/hand_over/")
    page.post(f"{PEOPLE}{ad.pk}/act/hand_over/")
    assert (role_of(ow), role_of(ad)) == ("admin", "owner")
    page.post(f"{PEOPLE}{ad.pk}/act/hand_over/")
    assert role_of(ad) == "owner"
    assert [what for _who, what, _whom in entries()] == ["Made the owner"]


def test_nobody_acts_by_a_role_that_was_taken_away_meanwhile() -> None:
    ow, ad, jonas = owner(), admin(), make_user("Jonas Weber")
    roles.give_role(by=ow, user=User.objects.get(pk=ad.pk), role="")
    with pytest.raises(DomainError):
        roles.give_role(by=ad, user=jonas, role="moderator")
    assert role_of(jonas) == ""


def test_plain_people_and_visitors_ban_nobody(page_for: PageFor) -> None:
    jonas = make_user()
    for client in (Client(), page_for(make_user())):
        assert client.post(ban_address(jonas), {"reason": "Spam"}).status_code == 302
    jonas.refresh_from_db()
    assert not jonas.is_banned


def test_link_cannot_ban(page_for: PageFor) -> None:
    jonas = make_user()
    assert page_for(moderator()).get(ban_address(jonas), {"reason": "x"}).status_code == 405
    jonas.refresh_from_db()
    assert not jonas.is_banned


def test_form_of_another_site_cannot_ban(page_for: PageFor) -> None:
    jonas = make_user()
    page = page_for(moderator())
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = page.cookies
    assert strict.post(ban_address(jonas), {"reason": "Spam"}).status_code == 403
    jonas.refresh_from_db()
    assert not jonas.is_banned


@pytest.mark.parametrize("key", ["f" * 24, "nobody", "%00"])
def test_unknown_people_are_not_found(page_for: PageFor, key: str) -> None:
    address = f"{PEOPLE}{key}/act/ban/"
    assert page_for(moderator()).post(address, {"reason": "Spam"}).status_code == 404


def test_unknown_acts_do_nothing(page_for: PageFor) -> None:
    jonas = make_user()
    page_for(admin()).post(f"{PEOPLE}{jonas.pk}/act/delete/")
    assert User.objects.filter(pk=jonas.pk).exists()
    assert entries() == []


def test_sessions_show_only_when_somebody_is_looked_for(page_for: PageFor) -> None:
    jonas = make_user("Jonas Weber")
    make_session(jonas, address="203.0.113.7")
    page = page_for(moderator())
    assert "203.0.113.7" not in page.get(SESSIONS).content.decode()
    assert entries() == []
    for words in ("jonas", jonas.email, "203.0.113.7"):
        assert "203.0.113.7" in page.get(SESSIONS, {"q": words}).content.decode()
    page.get(f"{SESSIONS}{Session.objects.get(user=jonas).pk}/change/")
    searches = [f"Searched for “{words}”" for words in ("jonas", jonas.email, "203.0.113.7")]
    assert [what for _by, what, _whom in entries()] == [*searches, "Opened"]


def test_sessions_of_others_stay_out(page_for: PageFor) -> None:
    make_session(make_user("Layla Haddad"), address="203.0.113.9")
    make_session(make_user("Jonas Weber"))
    html = page_for(moderator()).get(SESSIONS, {"q": "jonas"}).content.decode()
    assert "203.0.113.9" not in html


def test_search_that_fits_too_many_says_so(
    page_for: PageFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.lookup.MAX_RESULTS", 1)
    for _ in range(2):
        make_session(make_user("Jonas Weber"), address="203.0.113.7")
    html = page_for(moderator()).get(SESSIONS, {"q": "jonas"}).content.decode()
    assert "Too many people match" in html
    assert "203.0.113.7" not in html


def test_revoked_session_is_closed_and_the_others_stay(events: Events, page_for: PageFor) -> None:
    jonas = make_user("Jonas Weber")
    lost, kept = make_session(jonas), make_session(jonas)
    page_for(moderator()).post(f"{SESSIONS}{lost.pk}/act/revoke/")
    assert [pushed.to for pushed in events] == [f"session.{lost.pk}"]
    assert list(Session.objects.active_of(jonas)) == [kept]
    assert [(who, what) for who, what, _whom in entries()] == [("Mo Derator", "Signed out")]


def test_several_sessions_are_revoked_at_once(page_for: PageFor) -> None:
    jonas = make_user("Jonas Weber")
    keys = [make_session(jonas).pk for _ in range(2)]
    data = {"action": "revoke_selected", "_selected_action": keys, "index": "0"}
    page_for(moderator()).post(f"{SESSIONS}?q=jonas", data)
    assert Session.objects.active_of(jonas).count() == 0
    assert [what for _by, what, _whom in entries()] == ["Searched for “jonas”", *["Signed out"] * 2]


def test_plain_people_revoke_no_session(page_for: PageFor) -> None:
    session = make_session(make_user("Jonas Weber"))
    page = page_for(make_user())
    page.post(f"{SESSIONS}{session.pk}/act/revoke/")
    data = {"action": "revoke_selected", "_selected_action": [session.pk], "index": "0"}
    page.post(f"{SESSIONS}?q=jonas", data)
    session.refresh_from_db()
    assert session.revoked_at is None


def test_record_is_for_admins_and_unchangeable(page_for: PageFor) -> None:
    mo, su = moderator(), admin()
    page_for(mo).post(ban_address(make_user("Jonas Weber")), {"reason": "Spam"})
    entry = AuditEntry.objects.get()
    assert page_for(mo).get(RECORD).status_code == 403
    page = page_for(su)
    for words in ("", "mo derator", "spam", "jonas"):
        assert "Banned: Spam" in page.get(RECORD, {"q": words}).content.decode()
    assert "Banned: Spam" not in page.get(RECORD, {"q": "layla"}).content.decode()
    assert page.get(f"{RECORD}{entry.pk}/change/").status_code == 200
    assert page.post(f"{RECORD}{entry.pk}/change/", {"what": ""}).status_code == 403
    assert page.post(f"{RECORD}{entry.pk}/delete/", {"post": "yes"}).status_code == 403
    page.post(RECORD, {"action": "delete_selected", "_selected_action": entry.pk, "index": "0"})
    assert AuditEntry.objects.get().what == "Banned: Spam"


def test_history_of_a_person_is_for_admins(page_for: PageFor) -> None:
    jonas, layla = make_user("Jonas Weber"), make_user("Layla Haddad")
    page_for(moderator()).post(ban_address(jonas), {"reason": "Spam"})
    history = {person: f"{PEOPLE}{person.pk}/history/" for person in (jonas, layla)}
    assert page_for(moderator()).get(history[jonas], follow=True).status_code == 403
    page = page_for(admin())
    assert "Banned: Spam" in page.get(history[jonas], follow=True).content.decode()
    assert "Banned: Spam" not in page.get(history[layla], follow=True).content.decode()
