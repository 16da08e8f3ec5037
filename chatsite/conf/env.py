"""Every setting that an operator can make, read from the environment (and `.env`) and checked.

A missing or weak value raises ImproperlyConfigured with the variable's name and what to do.
Development gets safe defaults, production none.
"""

import re
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from environs import EnvError

from chatsite.conf import attachments, client, fast, limits, mail, operations, pictures
from chatsite.conf.attachments import Attachments
from chatsite.conf.databases import (
    read_database_url,
    read_redis_url,
    read_sqlite_synchronous,
)
from chatsite.conf.fast import Fast
from chatsite.conf.limits import Limits
from chatsite.conf.mail import Mail
from chatsite.conf.operations import Operations
from chatsite.conf.pictures import Pictures
from chatsite.conf.variables import (
    BASE_DIR,
    between,
    checked_origin,
    chosen,
    flag,
    networks,
    origin,
    positive,
    several,
    text,
)

SECRET_LENGTH = 32
SECRET_FILE = BASE_DIR / "var" / "jwt-secret"  # of who has set none
LOOPBACK = ["127.0.0.1", "::1"]


@dataclass(frozen=True, slots=True)
class Environment:
    production: bool
    debug: bool
    host: str
    port: int
    public_url: str
    client_urls: list[str]
    allowed_hosts: list[str]
    trusted_proxies: list[str]
    static_url: str
    service_worker: bool
    client_dist: Path | None
    jwt_secret: str
    token_days: int
    session_idle_days: int
    token_renewal_hours: int
    host_cookie: bool
    bcrypt_rounds: int
    message_edit_minutes: int
    sign_up: str
    sign_up_domains: list[str]
    members_invite: bool
    confirmed_first: bool
    requests: bool
    strangers_per_day: int
    lists_everybody: bool
    shows_addresses: bool
    push_trusted_hosts: list[str]
    link_previews: bool
    database_url: str
    sqlite_synchronous: str
    redis_url: str
    pictures: Pictures
    attachments: Attachments
    mail: Mail
    limits: Limits
    message_delete_minutes: int | None  # None: as long as one likes
    operations: Operations
    fast: Fast
    unused: list[str]

    @property
    def https(self) -> bool:
        return self.public_url.startswith("https://")

    @property
    def static_origin(self) -> str:
        """Of the CDN that has the static files, if one has."""
        parts = urlsplit(self.static_url)
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def read() -> Environment:
    """Raises ImproperlyConfigured with one sentence for the operator."""
    try:
        return _read()
    except EnvError as error:
        raise ImproperlyConfigured(str(error)) from None


def _read() -> Environment:
    production = _mode() == "production"
    debug = flag("DEBUG", False)
    if production and debug:
        raise ImproperlyConfigured("DEBUG must be off in production: it shows stack traces to all.")
    jwt_secret = _jwt_secret(production)
    public_url = origin("PUBLIC_URL")
    sign_up = chosen("SIGN_UP", ("open", "domains", "invitation", "closed"), "open")
    return Environment(
        production=production,
        debug=debug,
        host=text("HOST", "127.0.0.1"),
        port=positive("PORT", 8000, most=65535),
        public_url=public_url,
        client_urls=_client_urls(public_url),
        allowed_hosts=_allowed_hosts(public_url, production),
        trusted_proxies=networks("TRUSTED_PROXIES", LOOPBACK),
        static_url=_static_url(),
        service_worker=flag("SERVICE_WORKER", True),
        client_dist=client.read(),
        jwt_secret=jwt_secret,
        token_days=positive("TOKEN_DAYS", 7, most=3650),
        session_idle_days=positive("SESSION_IDLE_DAYS", 3650, most=3650),
        token_renewal_hours=positive("TOKEN_RENEWAL_HOURS", 24, most=87_600),
        host_cookie=flag("HOST_COOKIE", True),
        bcrypt_rounds=between(10, 20, "BCRYPT_ROUNDS", 12),
        message_edit_minutes=between(0, 525_600, "MESSAGE_EDIT_MINUTES", 15),
        sign_up=sign_up,
        sign_up_domains=several("SIGN_UP_DOMAINS"),
        members_invite=flag("MEMBERS_INVITE", False),
        confirmed_first=flag("CONFIRMED_FIRST", False),
        requests=flag("REQUESTS", False),
        strangers_per_day=between(0, 10**6, "STRANGERS_PER_DAY", 0),
        lists_everybody=flag("LISTS_EVERYBODY", True),
        shows_addresses=flag("SHOWS_ADDRESSES", sign_up != "open"),
        push_trusted_hosts=[host.lower() for host in several("PUSH_TRUSTED_HOSTS")],
        link_previews=flag("LINK_PREVIEWS", False),
        database_url=read_database_url(),
        sqlite_synchronous=read_sqlite_synchronous(),
        redis_url=read_redis_url(),
        pictures=pictures.read(),
        attachments=attachments.read(),
        mail=mail.read(public_url),
        limits=limits.read(),
        message_delete_minutes=_message_delete_minutes(),
        operations=operations.read(production),
        fast=fast.read(),
        unused=[name for name in ("ARCJET_KEY", "ARCJET_SECRET", "ARCJET_ENV") if text(name)],
    )


def _message_delete_minutes() -> int | None:
    minutes = between(0, 5_256_000, "MESSAGE_DELETE_MINUTES", 0)
    return minutes if text("MESSAGE_DELETE_MINUTES") else None


def _mode() -> str:
    mode = text("APP_ENV") or text("NODE_ENV") or "development"
    if mode not in ("development", "production", "test"):
        raise ImproperlyConfigured(f"APP_ENV must be development or production, not {mode!r}.")
    return mode


def _client_urls(public_url: str) -> list[str]:
    """Origins whose pages may call the API.

    Pictures are linked by path, so another host needs PUBLIC_URL.
    """
    values = [value.rstrip("/").lower() for value in several("CLIENT_URL")]
    urls = [checked_origin("CLIENT_URL", value) for value in values]
    if urls and not public_url and any(not _is_local(url) for url in urls):
        raise ImproperlyConfigured(
            "CLIENT_URL names another host, so set PUBLIC_URL to this site's own address too, "
            "e.g. PUBLIC_URL=https://chat.example.org."
        )
    return urls


def _is_local(url: str) -> bool:
    return urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1")


def _allowed_hosts(public_url: str, production: bool) -> list[str]:
    """The Host headers that are answered: PUBLIC_URL's and this machine's; in development any."""
    if public_url:
        return [urlsplit(public_url).hostname or "", "localhost", "127.0.0.1", "[::1]"]
    if production:
        raise ImproperlyConfigured(
            "PUBLIC_URL must be set in production, e.g. PUBLIC_URL=https://chat.example.org."
        )
    return ["*"]


def _static_url() -> str:
    value = text("STATIC_URL", "/static/")
    parts = urlsplit(value)
    if parts.netloc:
        checked_origin("STATIC_URL", f"{parts.scheme}://{parts.netloc}")
    if not re.fullmatch(r"(/[\w.-]+)+/", parts.path) or parts.query or parts.fragment:
        raise ImproperlyConfigured(
            "STATIC_URL must look like https://cdn.example.org/static/, with a slash at the end, "
            f"not {value!r}."
        )
    return value


def _jwt_secret(production: bool) -> str:
    secret = text("JWT_SECRET")
    if not secret and not production:
        return _generated_secret()
    if len(secret) < SECRET_LENGTH:
        raise ImproperlyConfigured(
            f"JWT_SECRET must be at least {SECRET_LENGTH} characters. "
            "Make one with: openssl rand -hex 32"
        )
    return secret


def _generated_secret() -> str:
    """Development's own secret, made once, so that a restart signs nobody out."""
    SECRET_FILE.parent.mkdir(exist_ok=True)
    try:
        with SECRET_FILE.open("x") as file:
            SECRET_FILE.chmod(0o600)
            file.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    return SECRET_FILE.read_text().strip()
