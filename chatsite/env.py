"""Reads and checks the environment (and `.env`): every setting an operator can make is here.

A missing or weak value raises ImproperlyConfigured with the variable's name and what to do.
Development gets safe defaults, production none.
"""

import logging
import os
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvError

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_LENGTH = 32
DATABASES = ("sqlite:", "postgres:", "postgresql:", "mongodb:", "mongodb+srv:")
_ORIGIN = re.compile(r"https?://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d{1,5})?")
Value = TypeVar("Value")

env = Env()
env.read_env(os.environ.get("ENV_FILE") or str(BASE_DIR / ".env"), recurse=False)


@dataclass(frozen=True, slots=True)
class Environment:
    production: bool
    debug: bool
    host: str
    port: int
    public_url: str
    client_urls: list[str]
    allowed_hosts: list[str]
    jwt_secret: str
    token_days: int
    bcrypt_rounds: int
    database_url: str
    redis_url: str
    media_root: Path
    image_max_bytes: int
    image_max_pixels: int
    image_max_frames: int
    socket_frames_per_second: int
    email_from: str
    email_from_name: str
    log_level: str
    unused: list[str]

    @property
    def https(self) -> bool:
        return self.public_url.startswith("https://")


def read() -> Environment:
    """Raises ImproperlyConfigured with one sentence for the operator."""
    try:
        return _read()
    except EnvError as error:
        raise ImproperlyConfigured(str(error)) from None


def _read() -> Environment:
    production = _mode() == "production"
    debug = _read_as(env.bool, "DEBUG", False)
    if production and debug:
        raise ImproperlyConfigured("DEBUG must be off in production: it shows stack traces to all.")
    jwt_secret = _jwt_secret(production)
    public_url = _url("PUBLIC_URL")
    return Environment(
        production=production,
        debug=debug,
        host=_text("HOST", "127.0.0.1"),
        port=_positive("PORT", 8000, most=65535),
        public_url=public_url,
        client_urls=_client_urls(public_url),
        allowed_hosts=_allowed_hosts(public_url, production),
        jwt_secret=jwt_secret,
        token_days=_positive("TOKEN_DAYS", 7, most=3650),
        bcrypt_rounds=_bcrypt_rounds(),
        database_url=_database_url(),
        redis_url=_redis_url(),
        media_root=Path(_text("MEDIA_ROOT", str(BASE_DIR / "var" / "media"))),
        image_max_bytes=_positive("IMAGE_MAX_BYTES", 8 * 1024 * 1024),
        image_max_pixels=_positive("IMAGE_MAX_PIXELS", 50_000_000),
        image_max_frames=_positive("IMAGE_MAX_FRAMES", 200),
        socket_frames_per_second=_positive("SOCKET_FRAMES_PER_SECOND", 50),
        email_from=_text("EMAIL_FROM", "chatsite@localhost"),
        email_from_name=_text("EMAIL_FROM_NAME", "Chatsite"),
        log_level=_log_level(),
        unused=[name for name in ("ARCJET_KEY", "ARCJET_SECRET", "ARCJET_ENV") if _text(name)],
    )


def _mode() -> str:
    mode = _text("APP_ENV") or _text("NODE_ENV") or "development"
    if mode not in ("development", "production", "test"):
        raise ImproperlyConfigured(f"APP_ENV must be development or production, not {mode!r}.")
    return mode


def _text(name: str, default: str = "") -> str:
    """A variable that is set to nothing counts as not set."""
    return str(env.str(name, "")).strip() or default


def _read_as(kind: Callable[..., Value], name: str, default: Value) -> Value:
    return kind(name) if _text(name) else default


def _positive(name: str, default: int, most: int = 2**31) -> int:
    value = _read_as(env.int, name, default)
    if not 1 <= value <= most:
        raise ImproperlyConfigured(f"{name} must be a whole number from 1 to {most}, not {value}.")
    return value


def _url(name: str) -> str:
    value = _text(name).rstrip("/").lower()
    if value:
        _check_origin(name, value)
    return value


def _client_urls(public_url: str) -> list[str]:
    """Origins whose pages may call the API.

    Pictures are linked by path, so another host needs PUBLIC_URL.
    """
    listed: list[str] = env.list("CLIENT_URL", [])
    urls = [url.strip().rstrip("/").lower() for url in listed if url.strip()]
    for url in urls:
        _check_origin("CLIENT_URL", url)
    if urls and not public_url and any(not _is_local(url) for url in urls):
        raise ImproperlyConfigured(
            "CLIENT_URL names another host, so set PUBLIC_URL to this site's own address too, "
            "e.g. PUBLIC_URL=https://chat.example.org."
        )
    return urls


def _check_origin(name: str, value: str) -> None:
    if not _ORIGIN.fullmatch(value):
        raise ImproperlyConfigured(
            f"{name} must look like https://chat.example.org, without a path, not {value!r}."
        )


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


def _bcrypt_rounds() -> int:
    rounds = _read_as(env.int, "BCRYPT_ROUNDS", 12)
    if not 10 <= rounds <= 20:
        raise ImproperlyConfigured(f"BCRYPT_ROUNDS must be between 10 and 20, not {rounds}.")
    return rounds


def _jwt_secret(production: bool) -> str:
    secret = _text("JWT_SECRET")
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
    path = BASE_DIR / "var" / "jwt-secret"
    path.parent.mkdir(exist_ok=True)
    try:
        with path.open("x") as file:
            path.chmod(0o600)
            file.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    return path.read_text().strip()


def _database_url() -> str:
    default = f"sqlite:///{BASE_DIR / 'var' / 'chatsite.sqlite3'}"
    url = _text("DATABASE_URL") or _text("MONGO_URI") or default
    if not url.startswith(DATABASES):
        raise ImproperlyConfigured(
            "DATABASE_URL must start with sqlite:///, postgres:// or mongodb://."
        )
    if not url.startswith("mongodb") and not _is_address(url):
        raise ImproperlyConfigured(
            "DATABASE_URL is no address; write special characters in its password as %XX."
        )
    return url


def _is_address(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _redis_url() -> str:
    url = _text("REDIS_URL")
    if url and urlsplit(url).scheme not in ("redis", "rediss", "unix"):
        raise ImproperlyConfigured("REDIS_URL must look like redis://localhost:6379/0.")
    return url


def _log_level() -> str:
    level = _text("LOG_LEVEL", "info").upper()
    if level not in logging.getLevelNamesMapping():
        raise ImproperlyConfigured(
            f"LOG_LEVEL must be DEBUG, INFO, WARNING, ERROR or CRITICAL, not {level}."
        )
    return level
