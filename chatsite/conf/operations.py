"""What an operator watches the site by."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from chatsite.conf.attachments import objects_at
from chatsite.conf.variables import between, chosen, flag, networks, text, url


@dataclass(frozen=True, slots=True)
class Operations:
    log_level: str
    log_format: str
    metrics_token: str
    metrics_networks: list[str]
    metrics_folder: str
    sentry_dsn: str
    run_jobs: bool = True
    backup_to: str = ""
    backup_daily: int = 7
    backup_weekly: int = 4
    deleted_account_days: int = 90  # that reports by and about somebody are kept
    keep_messages_days: int = 0  # 0: for good
    keep_files_days: int = 0
    keep_accounts_days: int = 0  # that nobody uses


def read(production: bool) -> Operations:
    return Operations(
        log_level=_log_level(),
        log_format=chosen("LOG_FORMAT", ("line", "json"), "json" if production else "line"),
        metrics_token=text("METRICS_TOKEN"),
        # Nobody by default in production: a proxy on this machine may ask for everybody.
        metrics_networks=networks("METRICS_ALLOW", [] if production else ["127.0.0.1", "::1"]),
        metrics_folder=_metrics_folder(),
        sentry_dsn=url("SENTRY_DSN", ("http", "https"), "https://key@sentry.example.org/1"),
        run_jobs=flag("RUN_JOBS", True),
        backup_to=_backup_to(),
        backup_daily=between(0, 3650, "BACKUP_DAILY", 7),
        backup_weekly=between(0, 520, "BACKUP_WEEKLY", 4),
        deleted_account_days=between(0, 36_500, "DELETED_ACCOUNT_DAYS", 90),
        keep_messages_days=between(0, 36_500, "KEEP_MESSAGES_DAYS", 0),
        keep_files_days=between(0, 36_500, "KEEP_FILES_DAYS", 0),
        keep_accounts_days=between(0, 36_500, "KEEP_ACCOUNTS_DAYS", 0),
    )


def _backup_to() -> str:
    place = text("BACKUP_TO")
    if "://" in place:
        objects_at("BACKUP_TO", place)
    elif place and not Path(place).is_absolute():
        raise ImproperlyConfigured("BACKUP_TO must be a whole path, or look like S3_URL.")
    return place


def _metrics_folder() -> str:
    """Prometheus's library reads the variable too, and takes one set to nothing for set."""
    folder = text("PROMETHEUS_MULTIPROC_DIR")
    if not folder:
        os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
        return ""
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"PROMETHEUS_MULTIPROC_DIR={folder} cannot be made: {error.strerror}."
        ) from None
    return folder


def _log_level() -> str:
    level = text("LOG_LEVEL", "info").upper()
    if level not in logging.getLevelNamesMapping():
        raise ImproperlyConfigured(
            f"LOG_LEVEL must be DEBUG, INFO, WARNING, ERROR or CRITICAL, not {level}."
        )
    return level
