"""What an operator watches the site by."""

import logging
from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured

from chatsite.conf.variables import chosen, networks, text, url


@dataclass(frozen=True, slots=True)
class Operations:
    log_level: str
    log_format: str
    metrics_token: str
    metrics_networks: list[str]
    sentry_dsn: str


def read(production: bool) -> Operations:
    return Operations(
        log_level=_log_level(),
        log_format=chosen("LOG_FORMAT", ("line", "json"), "json" if production else "line"),
        metrics_token=text("METRICS_TOKEN"),
        metrics_networks=networks("METRICS_ALLOW", ["127.0.0.1", "::1"]),
        sentry_dsn=url("SENTRY_DSN", ("http", "https"), "https://key@sentry.example.org/1"),
    )


def _log_level() -> str:
    level = text("LOG_LEVEL", "info").upper()
    if level not in logging.getLevelNamesMapping():
        raise ImproperlyConfigured(
            f"LOG_LEVEL must be DEBUG, INFO, WARNING, ERROR or CRITICAL, not {level}."
        )
    return level
