"""The list of jobs: for admins alone, and without what is in them."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import SiteRole, User
from scheduler.models import Job
from scheduler.registry import GiveUp
from scheduler.services import ensure_recurring, schedule
from tests.factories import make_user
from tests.jobs import run_due
from tests.scheduler.conftest import Register

LIST = "/admin/scheduler/job/"
SECRET = "for nobody's eyes"
pytestmark = pytest.mark.django_db


@pytest.fixture
def job(register: Register) -> Job:
    """Given up."""

    def fail(secret: str) -> None:
        if secret == SECRET:
            raise GiveUp("nobody by that name")

    register("hopeless", fail)
    schedule("hopeless", secret=SECRET)
    run_due()
    return Job.objects.get()


@pytest.fixture
def admin(page_for: Callable[[User], Client]) -> Client:
    return page_for(make_user(role=SiteRole.ADMIN))


def test_it_tells_what_failed_and_why_but_not_what_is_in_it(job: Job, admin: Client) -> None:
    ensure_recurring()
    page = admin.get(f"{LIST}?state=failed").content.decode()
    assert "nobody by that name" in page
    assert "tidy_sessions" not in page
    assert "tidy_sessions" in admin.get(LIST).content.decode()
    page = admin.get(f"{LIST}{job.pk}/change/").content.decode()
    assert "Given up" in page
    assert SECRET not in page


def test_it_is_done_once_more_or_removed(job: Job, admin: Client) -> None:
    admin.post(f"{LIST}{job.pk}/act/run_now/")
    run_due()
    job.refresh_from_db()
    assert (job.attempts, job.run_at) == (1, None)
    admin.post(f"{LIST}{job.pk}/act/remove/")
    assert not Job.objects.exists()


def test_what_recurs_is_not_removed(admin: Client) -> None:
    ensure_recurring()
    tidying = Job.objects.get(kind="tidy_sessions")
    admin.post(f"{LIST}{tidying.pk}/act/remove/")
    assert Job.objects.filter(pk=tidying.pk).exists()


@pytest.mark.parametrize("role", ["", SiteRole.MODERATOR])
def test_it_is_for_admins_alone(job: Job, page_for: Callable[[User], Client], role: str) -> None:
    client = page_for(make_user(role=role))
    assert client.get(LIST).status_code in (302, 403)
    assert client.post(f"{LIST}{job.pk}/act/remove/").status_code in (302, 403)
    assert Job.objects.exists()
