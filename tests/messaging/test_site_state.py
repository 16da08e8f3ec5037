"""What admins see of the state of the site, on the front page of the admin."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils.html import strip_tags
from pytest_django import Settings

from accounts.mail import JOB as MAIL
from accounts.models import SiteRole, User
from chatsite.db import now
from chatsite.keys import new_key
from messaging.services import backups
from messaging.services.notifications import PUSH
from scheduler.models import Job
from scheduler.services import ensure_recurring
from tests.factories import make_user

PageFor = Callable[[User], Client]
pytestmark = pytest.mark.django_db


@pytest.fixture
def state(page_for: PageFor) -> Callable[[], dict[str, str]]:
    """What it says, by line."""
    client = page_for(make_user(role=SiteRole.ADMIN))

    def read() -> dict[str, str]:
        page = client.get("/admin/").content.decode()
        found = re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", page, re.DOTALL)
        return {name: strip_tags(text) for name, text in found}

    return read


def make_job(kind: str, **fields: object) -> Job:
    return Job.objects.create(kind=kind, name=new_key(), payload="{}", **fields)


@pytest.mark.parametrize(
    ("role", "sees"),
    [(SiteRole.OWNER, True), (SiteRole.ADMIN, True), (SiteRole.MODERATOR, False)],
)
def test_it_is_for_admins_alone(page_for: PageFor, role: str, sees: bool) -> None:
    answer = page_for(make_user(role=role)).get("/admin/")
    assert answer.status_code == 200
    assert ("State of the site" in answer.content.decode()) == sees


def test_a_site_that_is_well_has_no_trouble(
    page_for: PageFor, state: Callable[[], dict[str, str]]
) -> None:
    ensure_recurring()
    Job.objects.update(run_at=now() + timedelta(hours=1))
    told = state()
    assert told["Jobs"] == "0 waiting, 0 being done"
    assert told["Mail"] == told["Push"] == "All sent"
    assert told["Backups"] == "None: BACKUP_TO is not set"
    assert "free" in told["Disk"]
    assert "Chatsite" in told["Versions"]
    assert "migration" not in told["Versions"]
    page = page_for(make_user(role=SiteRole.OWNER)).get("/admin/").content.decode()
    assert "<strong>" not in page.partition("site-state")[2].partition("</section>")[0]


def test_jobs_that_wait_are_late_or_were_given_up(state: Callable[[], dict[str, str]]) -> None:
    hour = timedelta(hours=1)
    make_job(MAIL, run_at=now() + hour)
    make_job(MAIL, run_at=now() + hour, claim="x")
    assert state()["Jobs"] == "1 waiting, 1 being done"
    assert state()["Mail"] == "2 waiting"
    failed = make_job(MAIL, run_at=None, error="the mail server says 550")
    assert state()["Jobs"] == "1 waiting, 1 being done 1 was given up"
    assert state()["Mail"] == "2 waiting the mail server says 550"
    make_job(MAIL, run_at=now() - hour)
    assert state()["Jobs"] == "2 waiting, 1 being done 1 is late"
    failed.delete()
    make_job(PUSH, run_at=None, error="the push service says 403")
    assert state()["Push"] == "All sent the push service says 403"
    assert "push" not in state()["Mail"]


@pytest.mark.django_db(transaction=True)
def test_backups_that_are_old_fail_or_are_out_of_reach(
    state: Callable[[], dict[str, str]], settings: Settings, tmp_path: Path
) -> None:
    settings.BACKUP_TO, settings.MEDIA_ROOT = str(tmp_path / "backups"), tmp_path / "media"
    assert state()["Backups"] == "None yet"
    taken = backups.take_backup(backups.configured_store())
    assert re.match(r"The last of 1 is 0.minutes old$", state()["Backups"])
    old = f"{now() - timedelta(days=3):{backups.MOMENT}}"
    (tmp_path / "backups" / f"{taken.name}.zip").rename(tmp_path / "backups" / f"{old}.zip")
    assert state()["Backups"].endswith("days old Too old")
    make_job(backups.JOB, run_at=now() + timedelta(hours=1), error="no room")
    assert state()["Backups"].endswith("no room")
    settings.BACKUP_TO = "http://key:secret@127.0.0.1:9/bucket"
    assert state()["Backups"].startswith("Out of reach")
