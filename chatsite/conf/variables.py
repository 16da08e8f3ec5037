"""Single variables of the environment (and of `.env`), each checked as it is read.

All raise ImproperlyConfigured, or EnvError, with a sentence that names the variable.
"""

import os
import re
from collections.abc import Callable, Sequence
from ipaddress import ip_network
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from environs import Env

BASE_DIR = Path(__file__).resolve().parent.parent.parent
_ORIGIN = re.compile(r"https?://([a-z0-9._-]+|\[[0-9a-f:.]+\])(:\d{1,5})?")
DEFAULT_PORTS = {"http": ":80", "https": ":443"}
Value = TypeVar("Value")

env = Env()
env.read_env(os.environ.get("ENV_FILE") or str(BASE_DIR / ".env"), recurse=False)


def text(name: str, default: str = "") -> str:
    """A variable that is set to nothing counts as not set."""
    return str(env.str(name, "")).strip() or default


def read_as(kind: Callable[..., Value], name: str, default: Value) -> Value:
    return kind(name) if text(name) else default


def flag(name: str, default: bool) -> bool:
    return read_as(env.bool, name, default)


def positive(name: str, default: int, most: int = 2**31) -> int:
    return between(1, most, name, default)


def between(least: int, most: int, name: str, default: int) -> int:
    value = read_as(env.int, name, default)
    if not least <= value <= most:
        raise ImproperlyConfigured(
            f"{name} must be a whole number from {least} to {most}, not {value}."
        )
    return value


def several(name: str) -> list[str]:
    """Values between commas."""
    listed: list[str] = env.list(name, [])
    return [value.strip() for value in listed if value.strip()]


def chosen(name: str, among: Sequence[str], default: str) -> str:
    value = text(name, default)
    if value not in among:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(among)}, not {value!r}.")
    return value


def url(name: str, schemes: Sequence[str], example: str) -> str:
    """An address with one of the schemes; nothing when it is not set."""
    value = text(name)
    if value and urlsplit(value).scheme not in schemes:
        raise ImproperlyConfigured(f"{name} must look like {example}.")
    return value


def origin(name: str) -> str:
    """`https://chat.example.org`: an address without a path; nothing when it is not set."""
    value = text(name).rstrip("/").lower()
    return checked_origin(name, value) if value else ""


def checked_origin(name: str, value: str) -> str:
    """As browsers spell it."""
    if not _ORIGIN.fullmatch(value):
        raise ImproperlyConfigured(
            f"{name} must look like https://chat.example.org, without a path, not {value!r}."
        )
    return without_default_port(value)


def without_default_port(origin: str) -> str:
    return origin.removesuffix(DEFAULT_PORTS.get(origin.partition(":")[0], ""))


def networks(name: str, default: list[str]) -> list[str]:
    """Addresses and networks such as 10.0.0.0/8, between commas."""
    values = several(name) or default
    for value in values:
        try:
            ip_network(value)
        except ValueError:
            raise ImproperlyConfigured(
                f"{name} must list addresses or networks such as 10.0.0.0/8, not {value!r}."
            ) from None
    return values
