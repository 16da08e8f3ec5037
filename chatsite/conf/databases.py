"""The database, and what several processes share: settings for each kind."""

import re
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from chatsite.conf.variables import BASE_DIR, chosen, text, url

# 2 to 10 connections; how long to wait for one, and for the server; and what is acknowledged
# outlives the server that was written to. What the address says goes before.
MONGODB_OPTIONS: dict[str, Any] = {
    "minPoolSize": 2,
    "maxPoolSize": 10,
    "waitQueueTimeoutMS": 10_000,
    "serverSelectionTimeoutMS": 10_000,
    "connectTimeoutMS": 10_000,
    "retryWrites": True,
    "retryReads": True,
    "w": "majority",
}
KINDS = ("sqlite:", "postgres:", "postgresql:", "mongodb:", "mongodb+srv:")


def read_database_url() -> str:
    default = f"sqlite:///{BASE_DIR / 'var' / 'chatsite.sqlite3'}"
    address = text("DATABASE_URL") or text("MONGO_URI") or default
    if not address.startswith(KINDS):
        raise ImproperlyConfigured(
            "DATABASE_URL must start with sqlite:///, postgres:// or mongodb://."
        )
    if not address.startswith("mongodb") and not _is_address(address):
        raise ImproperlyConfigured(
            "DATABASE_URL is no address. Put its password into DATABASE_PASSWORD, or write special "
            "characters in it as %XX."
        )
    return _with_password(address, text("DATABASE_PASSWORD"))


def read_redis_url() -> str:
    address = url("REDIS_URL", ("redis", "rediss", "unix"), "redis://localhost:6379/0")
    return _with_password(address, text("REDIS_PASSWORD"))


def _with_password(address: str, password: str) -> str:
    """A password in an address has to be written with %XX; in a variable of its own it has not."""
    scheme, slashes, rest = address.partition("://")
    place = re.split("[/?]", rest, maxsplit=1)[0]
    user, _at, hosts = place.rpartition("@")
    needs_user = scheme not in ("redis", "rediss", "unix")
    if not password or not slashes or ":" in user or (needs_user and not user):
        return address
    return f"{scheme}://{user}:{quote(password, safe='')}@{hosts}{rest[len(place) :]}"


def read_sqlite_synchronous() -> str:
    """When SQLite waits for the disk: `full` at each commit, `normal` now and then."""
    return chosen("SQLITE_SYNCHRONOUS", ("full", "normal"), "full")


def database(address: str, sqlite_synchronous: str = "full") -> dict[str, Any]:
    """SQLite for a newcomer, PostgreSQL or MongoDB for those who grow."""
    if address.startswith(("mongodb://", "mongodb+srv://")):
        return _mongodb(address)
    config: dict[str, Any] = {"OPTIONS": {}, **dj_database_url.parse(address)}
    if config["ENGINE"].endswith("sqlite3"):
        config["OPTIONS"] = {
            # A writer takes its lock at once, so that waiting (the timeout, in seconds) helps;
            # WAL lets readers go on meanwhile.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # What was written often meanwhile is moved into the database once: by default that
            # would hold somebody up every thousand pages (4 MB), here every 40 MB.
            "init_command": "PRAGMA journal_mode=WAL;"
            "PRAGMA wal_autocheckpoint=10000;"
            f"PRAGMA synchronous={sqlite_synchronous};"
            "PRAGMA foreign_keys=ON;"
            "PRAGMA cache_size=-16000;",  # KB of a connection, as they are needed
        }
    else:
        pool = {"min_size": 2, "max_size": 10, "timeout": 10}
        # Django prepares none by itself; chatsite/fastpath/statements.py asks for it.
        prepared = {"prepare_threshold": 5}
        config["OPTIONS"] = {"pool": pool, **prepared, **config["OPTIONS"]}
    return config


def _mongodb(address: str) -> dict[str, Any]:
    parts = urlsplit(address)
    given = {name.lower() for name, _value in parse_qsl(parts.query, keep_blank_values=True)}
    options = {name: value for name, value in MONGODB_OPTIONS.items() if name.lower() not in given}
    return {
        "ENGINE": "chatsite.mongodb_backend",
        "HOST": address,
        "NAME": unquote(parts.path.strip("/")) or "chatsite",
        "OPTIONS": options,
    }


def channel_layers(redis_url: str) -> dict[str, Any]:
    """Carries what workers send each other; within one it is not needed (chatsite/live/)."""
    if not redis_url:
        return {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    host = {"address": redis_url, "socket_timeout": 1, "socket_connect_timeout": 1}
    return {
        "default": {
            # Publish/subscribe: the other layer drops messages silently once a queue is full.
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [host], "prefix": "chatsite"},
        }
    }


def caches(redis_url: str) -> dict[str, Any]:
    """`limits` is apart, because it has to work, and to be quick, when Redis does not answer."""
    # In memory, the counts that were not raised for the longest time make room for new ones.
    limits = {"KEY_PREFIX": "chatsite:limits", "OPTIONS": {"MAX_ENTRIES": 50_000}}
    memory = "django.core.cache.backends.locmem.LocMemCache"
    if not redis_url:
        return {
            "default": {"BACKEND": memory},
            "limits": {
                "BACKEND": "chatsite.security.counters.MemoryCounters",
                "LOCATION": "limits",
                **limits,
            },
        }
    return {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": redis_url,
        },
        "limits": {
            "BACKEND": "chatsite.security.counters.RedisWithFallback",
            "LOCATION": redis_url,
            **limits,
        },
    }


def _is_address(address: str) -> bool:
    try:
        return urlsplit(address).port != 0
    except ValueError:
        return False
