"""Mail by Resend's SDK, to a stand-in that speaks its protocol."""

from collections.abc import Callable

import pytest
from django.core.mail import EmailMessage, send_mail
from pytest_django import Settings

from scheduler.registry import KINDS
from tests.mail_servers import API_KEY, HANG, Resend
from tests.services import free_port

Send = Callable[[], EmailMessage]


def test_a_mail_arrives_whole(by_resend: Resend, send: Send) -> None:
    send()

    [mail] = by_resend.mails.values()
    assert mail == {
        "from": "Chatsite <chat@example.org>",
        "to": ["grace@example.org"],
        "subject": "Grüße",
        "text": "what only she may read 💜",
        "html": "<p>what only she may read 💜</p>",
    }
    [headers] = by_resend.tries
    assert headers["Authorization"] == f"Bearer {API_KEY}"


def test_the_sender_s_name_may_be_anything(
    by_resend: Resend, send: Send, site: Callable[..., None]
) -> None:
    site(RESEND_API_KEY=API_KEY, RESEND_API_URL=f"{by_resend.url}/", EMAIL_FROM_NAME="Büro, Chat")

    send()

    [mail] = by_resend.mails.values()
    assert mail["from"] == '"Büro, Chat" <chatsite@localhost>'


@pytest.mark.parametrize(
    "passing",
    [(429, "rate_limit_exceeded"), (500, "application_error"), (502, ""), (503, ""), (409, "")],
)
def test_what_passes_is_tried_again(
    by_resend: Resend, send: Send, passing: tuple[int, str], caplog: pytest.LogCaptureFixture
) -> None:
    by_resend.answers = [passing] * 3

    send()

    assert len(by_resend.mails) == 1
    assert len({headers["Idempotency-Key"] for headers in by_resend.tries}) == 1
    assert "was given up" not in caplog.text


def test_it_is_not_tried_for_ever(
    by_resend: Resend, send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    by_resend.answers = [(500, "application_error")] * 10

    send()

    assert len(by_resend.tries) == KINDS["mail"].attempts
    assert not by_resend.mails
    assert "job mail was given up: ApplicationError 500" in caplog.text


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (400, "validation_error"),
        (401, "missing_api_key"),
        (403, "invalid_api_key"),
        (422, "validation_error"),
    ],
)
def test_what_stays_wrong_is_not_tried_again(
    by_resend: Resend, send: Send, caplog: pytest.LogCaptureFixture, status: int, name: str
) -> None:
    by_resend.answers = [(status, name)]

    send()

    assert len(by_resend.tries) == 1
    assert not by_resend.mails
    assert str(status) in caplog.text


def test_an_answer_that_never_comes_is_not_waited_for_nor_the_mail_sent_twice(
    by_resend: Resend, send: Send, settings: Settings
) -> None:
    settings.EMAIL_TIMEOUT = 0.5
    by_resend.answers = [(HANG, "")]

    send()

    assert len(by_resend.tries) == 2
    assert len(by_resend.mails) == 1


def test_a_service_that_is_not_there_is_logged(
    site: Callable[..., None], send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    site(RESEND_API_KEY=API_KEY, RESEND_API_URL=f"http://127.0.0.1:{free_port()}")

    send()

    assert "job mail was given up: ResendError 500" in caplog.text


def test_one_can_ask_it_to_be_silent(by_resend: Resend) -> None:
    by_resend.answers = [(401, "missing_api_key")]

    assert send_mail("Hello", "…", None, ["someone@example.org"], fail_silently=True) == 0

    assert not by_resend.mails
