"""What a new person is shown to do, and how they are rid of it."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import PushSubscription, User
from accounts.services.accounts import sign_up
from tests.factories import PASSWORD, make_session, make_user

pytestmark = pytest.mark.django_db
PageFor = Callable[[User], Client]
STEP = re.compile(r'<li class="step( is-done)?[^"]*" data-step="(\w+)"')


def newcomer(**fields: str) -> User:
    user = sign_up(full_name="Ada Lovelace", email="ada@example.org", password=PASSWORD)
    User.objects.filter(pk=user.pk).update(**fields)
    return user


def shown(page: Client, path: str = "/") -> dict[str, bool]:
    """By its name, whether a step is done."""
    html = page.get(path).content.decode().partition("<template")[0]
    found = [(name, bool(done)) for done, name in STEP.findall(html)]
    half = len(found) // 2  # in the side bar, for phones, and in the pane
    assert found[:half] == found[half:]
    return dict(found)


def test_a_new_person_sees_three(page_for: PageFor) -> None:
    page = page_for(newcomer())
    assert shown(page) == {"picture": False, "chat": False, "notifications": False}
    assert "js/first-steps.js" in page.get("/").content.decode()


def test_who_was_here_before_sees_none(page_for: PageFor) -> None:
    page = page_for(make_user())
    assert shown(page) == {}
    assert "first-steps" not in page.get("/").content.decode()


def test_what_is_done_is_ticked(page_for: PageFor) -> None:
    ada = newcomer(picture="local/abc.webp")
    session = make_session(ada)
    assert shown(page_for(ada)) == {"picture": True, "chat": False, "notifications": False}
    PushSubscription.objects.create(user=ada, session=session, endpoint="https://push.example.org")
    assert shown(page_for(ada)) == {"picture": True, "chat": False, "notifications": True}


def test_who_is_alone_gets_a_link_to_send(page_for: PageFor) -> None:
    ada = newcomer()
    link = f'data-copy="http://testserver/chat/{ada.pk}"'
    assert link in page_for(ada).get("/").content.decode()
    make_user("Bo Diddley")
    html = page_for(ada).get("/").content.decode()
    assert link not in html
    assert "Find somebody" in html


def test_each_can_be_skipped_for_good_on_all_devices(page_for: PageFor) -> None:
    ada, other = newcomer(), make_user(first_steps="picture chat")
    page = page_for(ada)
    for _again in range(2):
        answer = page.post("/steps/skipped", {"step": ["picture", "none of them"]})
        assert (answer.status_code, answer.headers["Location"]) == (302, "/")
        assert shown(page_for(ada)) == {"chat": False, "notifications": False}
    page.post("/steps/skipped")
    assert len(shown(page)) == 2
    page.post("/steps/skipped", {"step": ["chat", "notifications"]})
    assert shown(page) == {}
    assert len(shown(page_for(other))) == 2


def test_nobody_skips_them_by_a_link_or_signed_out(page_for: PageFor) -> None:
    ada = newcomer()
    assert page_for(ada).get("/steps/skipped?step=chat").status_code == 405
    assert Client().post("/steps/skipped", {"step": "chat"}).headers["Location"][:6] == "/login"
    assert len(shown(page_for(ada))) == 3
