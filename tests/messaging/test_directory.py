"""Who finds whom, and who sees whose e-mail address, as the site decides."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import SitePolicy, User
from accounts.services.placeholders import make_placeholders, placeholder_key
from chatsite.keys import new_key
from messaging.queries import privacy
from messaging.services.groups import remove_member
from messaging.services.messages import send_message
from tests.factories import ApiFor, make_group, make_message, make_user

pytestmark = pytest.mark.django_db(transaction=True)
PageFor = Callable[[User], Client]


class Cast:
    """Ada has written to Bo, Cy has written to her, Di is in her group; she does not know Eve."""

    def __init__(self) -> None:
        self.ada, self.bo, self.cy, self.di, self.eve = (
            make_user(name) for name in ("Ada", "Bo Kim", "Cy Kim", "Di Kim", "Eve Kim")
        )
        make_message(self.ada, self.bo)
        make_message(self.cy, self.ada)
        self.group = make_group(self.ada, self.di)


@pytest.fixture
def cast() -> Cast:
    return Cast()


def names(people: list[dict[str, Any]]) -> set[str]:
    return {each["fullName"].split()[0] for each in people}


KNOWN = {"Bo", "Cy", "Di"}


@pytest.mark.parametrize("is_open", [True, False])
def test_who_finds_whom(cast: Cast, api_for: ApiFor, page_for: PageFor, is_open: bool) -> None:
    SitePolicy.objects.create(lists_everybody=is_open)
    listed = KNOWN | ({"Eve"} if is_open else set())
    client, page = api_for(cast.ada), page_for(cast.ada)
    for path in ("", "?limit=50", "?search=kim", "?search=example.org"):
        assert names(client.get(f"/api/messages/contacts{path}").json()) == listed
    assert names(client.get("/api/search?q=kim").json()["people"]) == listed
    for path in (
        "/contacts",
        "/contacts?q=kim",
        "/chats/targets?q=kim",
        "/groups/candidates?q=kim",
    ):
        html = page.get(path).content.decode()
        assert {name for name in (*KNOWN, "Eve") if f"{name} Kim" in html} == listed, path
    # A whole address finds in any case, and so does a link.
    found = client.get(f"/api/messages/contacts?search={cast.eve.email.upper()}").json()
    assert names(found) == {"Eve"}
    assert page.get(f"/chat/{cast.eve.pk}").status_code == 200
    # Whom a group cannot have is not offered to it.
    offered = page.get("/groups/candidates", {"q": cast.eve.email, "group": cast.group})
    assert ("Eve" in offered.content.decode()) is is_open
    added = client.post(f"/api/groups/{cast.group}/members", {"people": [cast.eve.pk]})
    assert added.status_code == (200 if is_open else 400)
    assert client.post(f"/api/messages/send/{cast.eve.pk}", {"text": "Hi"}).status_code == 201
    added = client.post(f"/api/groups/{cast.group}/members", {"people": [cast.eve.pk]})
    assert added.status_code == 200
    assert "Eve" in names(client.get("/api/messages/contacts").json())


@pytest.mark.parametrize("are_shown", [True, False, None], ids=["shown", "hidden", "by default"])
def test_who_sees_an_address(cast: Cast, api_for: ApiFor, are_shown: bool | None) -> None:
    """The field stays; whoever has written to somebody has given them theirs."""
    if are_shown is None:
        privacy.invalidate_rules()  # nobody has decided: the environment does
    else:
        SitePolicy.objects.create(shows_addresses=are_shown)
    make_message(cast.ada, cast.di)
    send_message(sender=cast.di, peer=cast.group, text="To all")  # which is not to her
    fay = make_user("Fay Kim")
    make_message(fay, cast.ada)
    make_message(cast.ada, fay)
    client = api_for(cast.ada)
    told = {each.pk: each.email for each in (cast.ada, cast.cy, fay)}
    for path in (
        "/api/messages/contacts",
        "/api/messages/contacts?limit=9",
        "/api/messages/contacts?search=kim",
        f"/api/conversations/{cast.group}/members",
        "/api/messages/chats",
    ):
        for person in client.get(path).json():
            if person["_id"].startswith("f"):
                continue
            email = User.objects.get(pk=person["_id"]).email
            assert person["email"] == (email if are_shown else told.get(person["_id"], "")), path
    # By parts of one nobody is found who does not show it.
    part = cast.eve.email.partition("@")[0]
    found = names(client.get(f"/api/messages/contacts?search={part}").json())
    assert ("Eve" in found) is bool(are_shown)
    assert client.get("/api/auth/check").json()["email"] == cast.ada.email


@pytest.mark.parametrize("is_open", [True, False])
def test_whose_name_a_key_tells(cast: Cast, page_for: PageFor, is_open: bool) -> None:
    former, fay = make_user("Former Kim"), make_user("Fay Kim")
    group = make_group(cast.di, cast.ada, former, fay)
    remove_member(user=cast.di, group=group, person=former.pk)
    remove_member(user=cast.ada, group=group, person=cast.ada.pk)
    User.objects.filter(pk=cast.eve.pk).update(picture="eve.webp")
    make_group(cast.eve, cast.bo)  # which is not hers
    SitePolicy.objects.create(lists_everybody=is_open)
    placeholder, nobody = placeholder_key(cast.ada.pk, "slack", "U1"), new_key()
    make_placeholders({placeholder: "Imported Kim"})
    known = {cast.ada, cast.bo, cast.cy, cast.di, former, fay}
    asked = [*(each.pk for each in (*known, cast.eve)), placeholder, nobody]

    def told(viewer: User) -> dict[str, tuple[str, str]]:
        answer = page_for(viewer).get("/groups/authors", {"ids": ",".join(asked)}).json()
        return {each["_id"]: (each["fullName"], each["profilePic"]) for each in answer}

    found = told(cast.ada)
    assert set(found) == set(asked)
    for person in known:
        assert found[person.pk][0] == person.full_name
    assert found[placeholder][0] == "Imported Kim"
    # A stranger is told from nobody by neither name nor picture.
    assert (found[cast.eve.pk][0] == "Eve Kim") is is_open
    assert (found[cast.eve.pk][0] == found[nobody][0]) is not is_open
    assert ("eve.webp" in found[cast.eve.pk][1]) is is_open
    # It is so the other way, too, and each is told of themselves.
    by_eve = told(cast.eve)
    assert (by_eve[cast.ada.pk][0] == "Ada") is is_open
    assert by_eve[cast.bo.pk][0] == "Bo Kim"
    assert by_eve[cast.eve.pk][0] == "Eve Kim"
