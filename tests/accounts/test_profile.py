"""What people change about themselves."""

import pytest

from accounts.models import User
from accounts.record import picture_url
from accounts.services.accounts import update_profile
from chatsite.errors import DomainError
from tests.factories import make_user
from tests.pictures import picture

pytestmark = pytest.mark.django_db


def test_only_what_is_given_changes() -> None:
    user = make_user("Ada Lovelace")
    stale = User.objects.get(pk=user.pk)
    update_profile(user=user, picture=picture())
    update_profile(user=stale, full_name="Ada King")
    user.refresh_from_db()
    assert user.full_name == "Ada King"
    assert user.picture


def test_initials_stand_in_until_there_is_a_picture() -> None:
    user = make_user("Ada Lovelace")
    assert picture_url(user).startswith("/media/avatars/")
    update_profile(user=user, picture=picture())
    assert picture_url(user) == f"/media/profiles/{user.picture}"


@pytest.mark.parametrize("name", ["", " ", "\u200b", "x" * 101, "a\x00b", "a\ud800b"])
def test_a_name_that_cannot_be_shown_is_refused(name: str) -> None:
    user = make_user("Ada Lovelace")
    with pytest.raises(DomainError) as refused:
        update_profile(user=user, full_name=name)
    assert (refused.value.status, list(refused.value.errors)) == (400, ["full_name"])
    user.refresh_from_db()
    assert user.full_name == "Ada Lovelace"


def test_what_is_no_picture_is_refused() -> None:
    user = make_user()
    with pytest.raises(DomainError) as refused:
        update_profile(user=user, picture=b"<svg/>")
    assert list(refused.value.errors) == ["picture"]
    user.refresh_from_db()
    assert user.picture == ""
