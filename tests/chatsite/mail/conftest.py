"""A site that sends its mail to a stand-in, chosen by the environment as an operator does."""

from collections.abc import Callable, Iterator

import pytest
from django.core.mail import EmailMessage, EmailMultiAlternatives
from pytest_django import Settings

from accounts import mail
from tests.environment import settings_under
from tests.jobs import run_due
from tests.mail_servers import API_KEY, Resend, Smtp, resend, smtp

Send = Callable[..., None]
CHOSEN = (
    "DEFAULT_FROM_EMAIL",
    "EMAIL_BACKEND",
    "EMAIL_HOST",
    "EMAIL_HOST_PASSWORD",
    "EMAIL_HOST_USER",
    "EMAIL_PORT",
    "EMAIL_USE_SSL",
    "EMAIL_USE_TLS",
    "RESEND_API_KEY",
    "RESEND_API_URL",
)
SITE = "https://chat.example.org"
ADDRESS = "grace@example.org"
SECRET = "what only she may read"


@pytest.fixture
def site(settings: Settings) -> Callable[..., None]:
    def choose(**variables: str) -> None:
        values = settings_under(PUBLIC_URL=SITE, **variables)
        for name in CHOSEN:
            setattr(settings, name, values[name])

    return choose


@pytest.fixture
def by_resend(site: Callable[..., None]) -> Iterator[Resend]:
    with resend() as server:
        site(RESEND_API_KEY=API_KEY, RESEND_API_URL=server.url, EMAIL_FROM="chat@example.org")
        yield server


@pytest.fixture
def by_smtp(site: Callable[..., None]) -> Iterator[Smtp]:
    with smtp() as server:
        site(EMAIL_URL=f"smtp://127.0.0.1:{server.port}", EMAIL_FROM="chat@example.org")
        yield server


@pytest.fixture
def send(db: None) -> Callable[[], EmailMessage]:
    """Sends a mail, and waits until it is there or given up."""

    def sent() -> EmailMessage:
        message = EmailMultiAlternatives("Grüße", f"{SECRET} 💜", to=[ADDRESS])
        message.attach_alternative(f"<p>{SECRET} 💜</p>", "text/html")
        mail.send(message)
        run_due()
        return message

    return sent


@pytest.fixture(autouse=True)
def _nothing_private_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level("DEBUG"):
        yield
    ours = [each.getMessage() for each in caplog.records if not each.name.startswith("mail.")]
    assert ADDRESS not in "\n".join(ours)
    assert SECRET not in "\n".join(ours)
