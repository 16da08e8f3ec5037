"""Mail: through Resend, else an SMTP server, else to the console."""

from dataclasses import dataclass
from email.errors import HeaderParseError
from email.headerregistry import Address
from urllib.parse import urlsplit

import dj_email_url
from django.core.exceptions import ImproperlyConfigured

from chatsite.conf.variables import positive, text, url

RESEND = "https://api.resend.com"
EXAMPLE = "smtp+tls://user:password@mail.example.org:587"
PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class SmtpServer:
    host: str = "localhost"
    port: int = 25
    user: str = ""
    password: str = ""
    starttls: bool = False
    tls: bool = False


@dataclass(frozen=True, slots=True)
class Mail:
    sender: str
    sender_name: str
    resend_api_key: str
    resend_api_url: str
    smtp_url: str
    link_minutes: int

    @property
    def backend(self) -> str:
        if self.resend_api_key:
            return "chatsite.mail.resend.EmailBackend"
        kind = "smtp" if self.smtp_url else "console"
        return f"django.core.mail.backends.{kind}.EmailBackend"

    @property
    def is_delivered(self) -> bool:
        """Rather than printed."""
        return bool(self.resend_api_key or self.smtp_url)

    @property
    def smtp_server(self) -> SmtpServer:
        return _smtp_server(self.smtp_url) if self.smtp_url else SmtpServer()

    @property
    def from_email(self) -> str:
        """`Name <address>`, the name in quotes where it needs them."""
        return str(Address(self.sender_name, addr_spec=self.sender))


def read(public_url: str) -> Mail:
    mail = Mail(
        sender=text("EMAIL_FROM", "chatsite@localhost"),
        sender_name=text("EMAIL_FROM_NAME", "Chatsite"),
        resend_api_key=text("RESEND_API_KEY"),
        resend_api_url=url("RESEND_API_URL", ("http", "https"), RESEND).rstrip("/") or RESEND,
        smtp_url=url("EMAIL_URL", tuple(PORTS), EXAMPLE),
        link_minutes=positive("LINK_MINUTES", 60, most=7 * 24 * 60),
    )
    _check(mail)
    if mail.is_delivered and not public_url:
        raise ImproperlyConfigured(
            "EMAIL_URL or RESEND_API_KEY is set, so set PUBLIC_URL to this site's own address too: "
            "links in mails begin with it, e.g. PUBLIC_URL=https://chat.example.org, or "
            "PUBLIC_URL=http://localhost:8000 to try it out."
        )
    return mail


def _check(mail: Mail) -> None:
    try:
        _sender = mail.from_email
    except (ValueError, HeaderParseError, IndexError):
        raise ImproperlyConfigured(
            "EMAIL_FROM must be an e-mail address, e.g. chat@example.org, "
            "and EMAIL_FROM_NAME one line."
        ) from None
    try:
        _server = mail.smtp_server
    except ValueError:
        raise ImproperlyConfigured(f"EMAIL_URL must look like {EXAMPLE}.") from None


def _smtp_server(address: str) -> SmtpServer:
    """dj_email_url reads who and where; it knows other schemes. Raises ValueError."""
    scheme, rest = address.split("://")
    known = dj_email_url.parse(f"smtp://{rest}")
    return SmtpServer(
        host=known["EMAIL_HOST"],
        port=urlsplit(address).port or PORTS[scheme],
        user=known["EMAIL_HOST_USER"] or "",
        password=known["EMAIL_HOST_PASSWORD"] or "",
        starttls=scheme == "smtp+tls",
        tls=scheme == "smtps",
    )
