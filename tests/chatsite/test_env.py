"""The environment: a sentence for every wrong value, defaults in development alone."""

from dataclasses import asdict
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from chatsite.conf import env
from tests.environment import documented, settings_under

PRODUCTION = {
    "APP_ENV": "production",
    "PUBLIC_URL": "https://chat.example.org",
    "JWT_SECRET": "0123456789abcdef0123456789abcdef",
}


@pytest.fixture(autouse=True)
def _empty(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in documented():
        monkeypatch.delenv(name, raising=False)


def read(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> env.Environment:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return env.read()


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("APP_ENV", ["staging", "Production"]),
        ("DEBUG", ["perhaps"]),
        ("PORT", ["http", "0", "-1", "65536", "80.5"]),
        ("TOKEN_DAYS", ["0", "week", "99999999999"]),
        ("BCRYPT_ROUNDS", ["9", "21", "x"]),
        ("JWT_SECRET", ["short", "x" * 31]),
        ("IMAGE_MAX_BYTES", ["0", "8MB"]),
        ("IMAGE_MAX_PIXELS", ["-1"]),
        ("IMAGE_MAX_FRAMES", ["0"]),
        ("IMAGE_MAX_SECONDS", ["0", "1.5"]),
        ("SOCKET_FRAMES_PER_SECOND", ["0"]),
        ("MEDIA_ACCEL_PATH", ["protected/", "/protected"]),
        ("CLOUDINARY_URL", ["https://api.cloudinary.com", "key:secret@cloud"]),
        ("CLOUDINARY_API_KEY", ["alone"]),
        ("S3_URL", ["ftp://a/b", "https://s3.example.org", "https://s3.example.org/b?x=1"]),
        ("ATTACHMENT_STORE", ["s3", "elsewhere"]),
        ("BACKUP_TO", ["backups", "ftp://a/b", "https://s3.example.org"]),
        ("BACKUP_DAILY", ["-1", "all"]),
        ("CLAMD_URL", ["/run/clamd.ctl", "unix://", "unix://run/x", "tcp://", "tcp://a:b"]),
        ("EMAIL_URL", ["mail.example.org", "http://mail.example.org", "smtp://h:port", "smtp:h"]),
        ("EMAIL_FROM", ["nobody", "a@b.org>, <c@d.org", "a@b.org, c@d.org"]),
        ("RESEND_API_URL", ["api.resend.com"]),
        ("LINK_MINUTES", ["0", "an hour"]),
        ("MESSAGE_EDIT_MINUTES", ["-1", "1.5"]),
        ("MESSAGE_DELETE_MINUTES", ["-1", "1.5"]),
        ("KEEP_MESSAGES_DAYS", ["-1", "1.5"]),
        ("KEEP_FILES_DAYS", ["a year"]),
        ("KEEP_ACCOUNTS_DAYS", ["-1"]),
        ("LIMIT_WRITES", ["0", "100/m"]),
        ("BLOCK_CRAWLERS", ["perhaps"]),
        ("SERVICE_WORKER", ["sometimes"]),
        ("TRUSTED_PROXIES", ["nginx", "10.0.0.0/99", "*"]),
        ("METRICS_ALLOW", ["everybody"]),
        ("LOG_FORMAT", ["xml"]),
        ("STATIC_URL", ["static/", "/static", "/", "https://cdn.example.org", "ftp://cdn/static/"]),
        ("STATIC_URL", ["https://cdn.example.org/static", "https://cdn.example.org/static/?a"]),
        ("SENTRY_DSN", ["key@sentry.example.org"]),
        ("LOG_LEVEL", ["loud"]),
        ("REDIS_URL", ["localhost:6379", "http://localhost"]),
        ("DATABASE_URL", ["db.sqlite3", "mysql://host/x", "postgres://[", "postgres://h:port/x"]),
        (
            "PUBLIC_URL",
            ["chat.example.org", "ftp://x", "https://", "https://x/path", "http://[::1"],
        ),
        ("PUBLIC_URL", ["https://x?y", "https://x#y", "https://user@x", "https://a b", "*"]),
        ("CLIENT_URL", ["*", "null", "app.example.org", "https://x/path", "http://localhost,*"]),
    ],
)
def test_a_wrong_value_is_one_sentence_that_names_it(
    monkeypatch: pytest.MonkeyPatch, name: str, values: list[str]
) -> None:
    for value in values:
        with pytest.raises(ImproperlyConfigured) as refused:
            read(monkeypatch, {name: value})
        assert name in str(refused.value), value
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize("missing", ["PUBLIC_URL", "JWT_SECRET"])
def test_production_has_no_default_for_what_matters(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    with pytest.raises(ImproperlyConfigured, match=missing):
        read(monkeypatch, {**PRODUCTION, missing: ""})


def test_development_starts_with_nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    made = read(monkeypatch, {})
    assert (made.production, made.debug, made.https) == (False, False, False)
    assert (made.port, made.bcrypt_rounds, made.token_days) == (8000, 12, 7)
    assert made.database_url.startswith("sqlite:///")
    assert len(made.jwt_secret) >= 32
    assert made.allowed_hosts == ["*"]


@pytest.mark.parametrize(
    ("variables", "shown"),
    [
        ({}, False),
        ({"SIGN_UP": "invitation"}, True),
        ({"SIGN_UP": "domains", "SIGN_UP_DOMAINS": "example.org"}, True),
        ({"SHOWS_ADDRESSES": "true"}, True),
        ({"SIGN_UP": "closed", "SHOWS_ADDRESSES": "false"}, False),
    ],
)
def test_addresses_are_shown_where_not_just_anybody_may_sign_up(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], shown: bool
) -> None:
    assert read(monkeypatch, variables).shows_addresses is shown


def test_the_original_names_work(monkeypatch: pytest.MonkeyPatch) -> None:
    made = read(
        monkeypatch,
        {**PRODUCTION, "APP_ENV": "", "NODE_ENV": "production", "MONGO_URI": "mongodb://a:1,b:2/x"},
    )
    assert made.production
    assert made.database_url == "mongodb://a:1,b:2/x"


def test_the_original_names_of_cloudinary_make_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    parts = {"CLOUD_NAME": "chat", "API_KEY": "123", "API_SECRET": "a/b@c"}
    made = read(monkeypatch, {f"CLOUDINARY_{name}": value for name, value in parts.items()})
    assert made.pictures.cloudinary_url == "cloudinary://123:a%2Fb%40c@chat"


def test_what_does_nothing_here_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    made = read(monkeypatch, {"ARCJET_KEY": "x", "ARCJET_ENV": "y"})
    assert made.unused == ["ARCJET_KEY", "ARCJET_ENV"]


def test_addresses_are_taken_whatever_their_case_and_end(monkeypatch: pytest.MonkeyPatch) -> None:
    made = read(
        monkeypatch,
        {
            "PUBLIC_URL": "HTTPS://Chat.Example.org/",
            "CLIENT_URL": "https://App.example.org/, http://localhost:5173",
        },
    )
    assert made.public_url == "https://chat.example.org"
    assert made.client_urls == ["https://app.example.org", "http://localhost:5173"]
    assert "chat.example.org" in made.allowed_hosts


def test_a_default_port_is_left_out_as_browsers_do(monkeypatch: pytest.MonkeyPatch) -> None:
    made = read(
        monkeypatch,
        {
            **PRODUCTION,
            "PUBLIC_URL": "https://chat.example.org:443",
            "CLIENT_URL": "https://front.example.org:443,http://localhost:80,https://x.org:4433",
        },
    )
    assert made.public_url == "https://chat.example.org"
    assert made.client_urls == [
        "https://front.example.org",
        "http://localhost",
        "https://x.org:4433",
    ]


def test_another_site_needs_our_own_address(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ImproperlyConfigured, match="set PUBLIC_URL"):
        read(monkeypatch, {"CLIENT_URL": "https://app.example.org"})
    assert read(monkeypatch, {"CLIENT_URL": "http://localhost:5173"}).client_urls


@pytest.mark.parametrize(
    "variables", [{"EMAIL_URL": "smtp://mail.example.org"}, {"RESEND_API_KEY": "re_1"}], ids=str
)
def test_mail_that_goes_out_needs_our_own_address(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    """In development too: else whoever asks for a link says by the Host header where it leads."""
    with pytest.raises(ImproperlyConfigured, match="set PUBLIC_URL to this site's own address"):
        read(monkeypatch, variables)
    named = {**variables, "PUBLIC_URL": "http://localhost:8000"}
    assert read(monkeypatch, named).mail.is_delivered


@pytest.mark.parametrize(
    ("variables", "name"),
    [
        ({"PUBLIC_URL": "https://chat.example.org"}, "__Host-jwt"),
        ({"PUBLIC_URL": "https://chat.example.org", "HOST_COOKIE": "false"}, "jwt"),
        ({"PUBLIC_URL": "http://chat.example.org"}, "jwt"),
        ({}, "jwt"),
    ],
    ids=str,
)
def test_the_cookie_belongs_to_one_host_where_browsers_take_it_so(
    variables: dict[str, str], name: str
) -> None:
    assert settings_under(**variables)["TOKEN_COOKIE_NAME"] == name


@pytest.mark.parametrize(("url", "secure"), [("https://x.org", True), ("http://x.lan", False)])
def test_only_https_makes_cookies_secure_and_redirects(url: str, secure: bool) -> None:
    site: dict[str, Any] = settings_under(**{**PRODUCTION, "PUBLIC_URL": url})
    names = ("TOKEN_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT")
    assert {site[name] for name in names} == {secure}
    assert bool(site["SECURE_HSTS_SECONDS"]) is secure
    assert site["DEBUG"] is False


def test_the_key_of_forms_is_not_the_key_of_tokens() -> None:
    site = settings_under(**PRODUCTION)
    assert site["SECRET_KEY"] != site["SIMPLE_JWT"]["SIGNING_KEY"] == PRODUCTION["JWT_SECRET"]
    assert PRODUCTION["JWT_SECRET"] not in site["SECRET_KEY"]


def test_pieces_of_the_fast_path_are_left_out_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(asdict(read(monkeypatch, {}).fast).values())
    some = asdict(read(monkeypatch, {"FAST_PATH_WITHOUT": "http, group_commit"}).fast)
    assert {piece for piece, used in some.items() if not used} == {"http", "group_commit"}
    with pytest.raises(ImproperlyConfigured, match=r"FAST_PATH_WITHOUT.*'magic'"):
        read(monkeypatch, {"FAST_PATH_WITHOUT": "http,magic"})


@pytest.mark.parametrize(
    ("name", "address", "complete"),
    [
        ("DATABASE_URL", "postgres://u@h:5432/d", "postgres://u:p%40%2F%25@h:5432/d"),
        ("DATABASE_URL", "mongodb://u@h,i/d?a=@", "mongodb://u:p%40%2F%25@h,i/d?a=@"),
        ("DATABASE_URL", "postgres://u:own@h/d", "postgres://u:own@h/d"),
        ("DATABASE_URL", "postgres://h/d", "postgres://h/d"),
        ("DATABASE_URL", "sqlite:////tmp/a@b", "sqlite:////tmp/a@b"),
        ("REDIS_URL", "redis://h:6379/0", "redis://:p%40%2F%25@h:6379/0"),
        ("REDIS_URL", "rediss://u@h/0", "rediss://u:p%40%2F%25@h/0"),
        ("REDIS_URL", "redis://:own@h/0", "redis://:own@h/0"),
    ],
)
def test_password_apart_from_its_address_may_have_any_characters(
    monkeypatch: pytest.MonkeyPatch, name: str, address: str, complete: str
) -> None:
    password = {"DATABASE_PASSWORD": "p@/%", "REDIS_PASSWORD": "p@/%"}
    found = read(monkeypatch, {name: address, **password})
    assert getattr(found, name.lower()) == complete
