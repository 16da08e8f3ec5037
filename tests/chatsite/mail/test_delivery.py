"""When a mail is sent."""

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from pytest_django import Settings

from chatsite import jobs
from chatsite.jobs import JobQueue
from chatsite.mail import delivery
from tests.environment import settings_under
from tests.letters import PATIENCE


@pytest.fixture
def outbox(monkeypatch: pytest.MonkeyPatch) -> JobQueue:
    """One that a test may close."""
    queue = JobQueue("tests", threads=1, length=10)
    monkeypatch.setattr(jobs, "_working", [])
    monkeypatch.setattr(delivery, "outbox", queue)
    return queue


def test_a_mail_is_begun_once_the_answer_is_out(outbox: JobQueue, settings: Settings) -> None:
    settings.EMAIL_DELAY_SECONDS = 3600
    delivery.deliver(EmailMessage("Hello", "…", to=["grace@example.org"]))
    assert not outbox.wait(0.05)
    assert not mail.outbox

    outbox.closing.set()  # the end of the process waits for no answer

    assert outbox.wait(PATIENCE)
    assert len(mail.outbox) == 1


def test_every_site_waits_a_moment() -> None:
    assert settings_under()["EMAIL_DELAY_SECONDS"] > 0
