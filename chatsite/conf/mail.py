"""Mail: through Resend, else an SMTP server, else to the console."""

from dataclasses import dataclass

from chatsite.conf.variables import positive, text, url


@dataclass(frozen=True, slots=True)
class Mail:
    sender: str
    sender_name: str
    resend_api_key: str
    resend_api_url: str
    smtp_url: str
    link_minutes: int


def read() -> Mail:
    return Mail(
        sender=text("EMAIL_FROM", "chatsite@localhost"),
        sender_name=text("EMAIL_FROM_NAME", "Chatsite"),
        resend_api_key=text("RESEND_API_KEY"),
        resend_api_url=url("RESEND_API_URL", ("http", "https"), "https://api.resend.com")
        or "https://api.resend.com",
        smtp_url=url(
            "EMAIL_URL",
            ("smtp", "smtps", "smtp+tls"),
            "smtp+tls://user:password@mail.example.org:587",
        ),
        link_minutes=positive("LINK_MINUTES", 60, most=7 * 24 * 60),
    )
