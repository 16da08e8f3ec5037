"""Mail by SMTP, to a real server."""

from collections.abc import Callable, Iterator
from pathlib import Path
from socket import create_server
from typing import Any

import pytest
from django.core.mail import EmailMessage
from pytest_django import Settings

from tests.chatsite.mail.conftest import SITE
from tests.environment import settings_under
from tests.mail_servers import Smtp, make_certificate, smtp
from tests.services import find, free_port

Send = Callable[[], EmailMessage]
SiteFor = Callable[..., None]


def test_a_mail_arrives_with_both_its_parts(by_smtp: Smtp, send: Send) -> None:
    send()

    [mail] = by_smtp.mails
    text, html = mail.get_body(["plain"]), mail.get_body(["html"])
    assert (mail["To"], mail["Subject"]) == ("grace@example.org", "Grüße")
    assert mail["From"] == "Chatsite <chat@example.org>"
    assert text is not None
    assert html is not None
    assert "💜" in text.get_content()
    assert "<p>" in html.get_content()


def test_a_server_that_asks_for_patience_gets_it(by_smtp: Smtp, send: Send) -> None:
    by_smtp.answers = ["451 Greylisted", "450 Busy", "421 Going down"]

    send()

    assert len(by_smtp.mails) == 1
    assert by_smtp.tries == 4


@pytest.mark.parametrize("answer", ["550 Nobody here by that name", "552 Full"])
def test_a_no_is_a_no(
    by_smtp: Smtp, send: Send, caplog: pytest.LogCaptureFixture, answer: str
) -> None:
    by_smtp.answers = [answer]

    send()

    assert by_smtp.tries == 1
    assert not by_smtp.mails
    assert f"job mail was given up: SMTPRecipientsRefused {answer[:3]}" in caplog.text


def test_a_server_that_is_not_there_is_logged(
    site: SiteFor, send: Send, caplog: pytest.LogCaptureFixture
) -> None:
    site(EMAIL_URL=f"smtp://127.0.0.1:{free_port()}")

    send()

    assert "job mail was given up: ConnectionRefusedError" in caplog.text


def test_a_server_that_says_nothing_is_not_waited_for(
    site: SiteFor, send: Send, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with create_server(("127.0.0.1", 0)) as silent:
        site(EMAIL_URL=f"smtp://127.0.0.1:{silent.getsockname()[1]}")
        settings.EMAIL_TIMEOUT = 0.1

        send()

    assert "job mail was given up: SMTPServerDisconnected" in caplog.text


class TestEncrypted:
    @pytest.fixture
    def certificate(self, tmp_path: Path) -> Path:
        find("openssl")
        return make_certificate(tmp_path)

    @pytest.fixture
    def server(self, certificate: Path, site: SiteFor) -> Iterator[Smtp]:
        with smtp(certificate) as server:
            site(EMAIL_URL=f"smtp+tls://grace%40example:s3cret%2Fword@127.0.0.1:{server.port}")
            yield server

    def test_a_mail_arrives(
        self, server: Smtp, send: Send, certificate: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.with_name("certificate.pem")))

        send()

        assert len(server.mails) == 1
        assert server.logins == [("grace@example", "s3cret/word")]

    def test_a_server_that_cannot_prove_its_name_gets_neither_password_nor_mail(
        self, server: Smtp, send: Send, caplog: pytest.LogCaptureFixture
    ) -> None:
        send()

        assert not server.logins
        assert not server.mails
        assert "job mail was given up: SSLCertVerificationError" in caplog.text
        assert "another try" not in caplog.text

    # Django leaves the connection open.
    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    def test_a_server_without_encryption_gets_neither(
        self, site: SiteFor, send: Send, caplog: pytest.LogCaptureFixture
    ) -> None:
        with smtp() as plain:
            site(EMAIL_URL=f"smtp+tls://grace:secret@127.0.0.1:{plain.port}")
            send()

        assert not plain.mails
        assert "job mail was given up: SMTPNotSupportedError" in caplog.text


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example.org", ("mail.example.org", 25, False, False)),
        ("smtp+tls://mail.example.org", ("mail.example.org", 587, True, False)),
        ("smtps://mail.example.org", ("mail.example.org", 465, False, True)),
        ("smtps://mail.example.org:2465", ("mail.example.org", 2465, False, True)),
    ],
)
def test_the_address_says_how_it_is_encrypted(url: str, expected: Any) -> None:
    site = settings_under(EMAIL_URL=url, PUBLIC_URL=SITE)

    names = ("EMAIL_HOST", "EMAIL_PORT", "EMAIL_USE_TLS", "EMAIL_USE_SSL")
    assert tuple(site[name] for name in names) == expected
    assert site["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend"


def test_resend_goes_first_and_the_console_last() -> None:
    both = settings_under(
        EMAIL_URL="smtp://mail.example.org", RESEND_API_KEY="re_1", PUBLIC_URL=SITE
    )
    assert both["EMAIL_BACKEND"] == "chatsite.mail.resend.EmailBackend"
    assert settings_under()["EMAIL_BACKEND"] == "django.core.mail.backends.console.EmailBackend"
