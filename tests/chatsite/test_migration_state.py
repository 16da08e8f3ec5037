"""What is used of Django's migrations that it keeps private is still as it was."""

from functools import partial

import pytest

from accounts.models import User
from chatsite import migration_state
from tests.adapters import leaning_on

pytestmark = pytest.mark.django_db
leaning = partial(leaning_on, "Django", "chatsite/migration_state.py")
FIRST = ("accounts", "0001_initial")


def test_what_is_missing_is_found() -> None:
    with leaning("how migrations are recorded"):
        assert migration_state.missing() == []
        assert set(migration_state.known()) <= set(migration_state.applied())
        newest = max(name for name in migration_state.known() if name[0] == "messaging")
        migration_state.model()._base_manager.filter(app=newest[0], name=newest[1]).delete()
        assert migration_state.missing() == [newest]


def test_models_are_those_of_then() -> None:
    with leaning("how models of another time are made"):
        then = migration_state.apps_after([FIRST]).get_model("accounts.User")
        names = {field.name for field in then._meta.get_fields()}
        assert "email" in names
        assert "username" not in names
        assert "username" in {field.name for field in User._meta.get_fields()}


def test_what_is_written_is_taken_back() -> None:
    with leaning("how migrations are recorded"):
        before = dict.fromkeys(migration_state.applied())
        migration_state.write_and_take_back("nothing")
        assert dict.fromkeys(migration_state.applied()) == before
