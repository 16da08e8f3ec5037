"""What can be known of a site on MongoDB without one."""

import subprocess
import sys
from typing import Any

import pytest

from chatsite.conf.databases import database
from tests.environment import ROOT, hermetic
from tests.mongodb_server import mongodb

ADDRESS = "mongodb://one:1,two:2/talk"


def run(url: str, *command: str) -> str:
    """What a process of such a site prints."""
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=hermetic(DATABASE_URL=url),
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()


class TestSettings:
    def test_two_to_ten_connections_are_kept(self) -> None:
        options = database(ADDRESS)["OPTIONS"]
        assert (options["minPoolSize"], options["maxPoolSize"]) == (2, 10)

    def test_what_is_acknowledged_is_held_by_most_servers(self) -> None:
        assert database(ADDRESS)["OPTIONS"]["w"] == "majority"

    @pytest.mark.parametrize("option", ["maxPoolSize=50", "maxpoolsize=50"])
    def test_the_address_goes_before(self, option: str) -> None:
        options = database(f"{ADDRESS}?{option}")["OPTIONS"]
        assert "maxPoolSize" not in options
        assert options["minPoolSize"] == 2

    @pytest.mark.parametrize(
        ("address", "name"), [(ADDRESS, "talk"), ("mongodb://one", "chatsite")]
    )
    def test_the_address_names_the_database(self, address: str, name: str) -> None:
        assert database(address)["NAME"] == name


def test_a_server_without_transactions_is_used_without() -> None:
    code = """
from chatsite.db import atomic, on_commit
from accounts.models import User
with atomic():
    list(User.objects.all())
    on_commit(lambda: print("at once"))
    print("within")
"""
    with mongodb() as server:
        assert run(server.url, "manage.py", "shell", "-v0", "-c", code) == "at once\nwithin"
        assert "aggregate" in server.commands


def test_every_query_can_be_said_in_its_language() -> None:
    """The others are writes of single rows, and what Django's own admin adds to these."""
    pipelines: list[Any] = run(
        "mongodb://127.0.0.1:1/chatsite", "-m", "tests.mongodb_queries"
    ).splitlines()
    assert len(pipelines) > 15
