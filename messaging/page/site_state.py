"""How the site is, for its admins: one line each for what an operator would otherwise look up."""

import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import django
import redis
from django.conf import settings
from django.db import connection
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.mail import JOB as MAIL
from chatsite import VERSION, migration_state
from chatsite.db import now
from messaging.queries.attachments import used_by_all
from messaging.queries.jobs import job_counts, last_failure
from messaging.services import backups
from messaging.services.notifications import PUSH
from scheduler.models import Job

JOBS = "admin:scheduler_job_changelist"
OVERDUE = timedelta(days=2)  # since the last backup
SCARCE = 0.1  # of the disk
PATIENCE = 1  # seconds, for Redis


@dataclass(frozen=True, slots=True)
class StatusLine:
    name: str
    text: str
    trouble: str = ""  # that somebody has to look after
    address: str = ""  # where the trouble is shown


def lines() -> Iterator[StatusLine]:
    yield _jobs()
    yield _sent(_("Mail"), MAIL)
    yield _sent("Push", PUSH)  # which is called so everywhere
    yield _backups()
    yield _disk()
    yield _versions()


def _jobs() -> StatusLine:
    counts = job_counts()
    text = _("%(waiting)s waiting, %(running)s being done") % {
        "waiting": counts.waiting,
        "running": counts.running,
    }
    list_of_jobs = reverse(JOBS)
    if counts.late:
        trouble = ngettext("%(count)s is late", "%(count)s are late", counts.late)
        return StatusLine(_("Jobs"), text, trouble % {"count": counts.late}, list_of_jobs)
    if counts.given_up:
        trouble = ngettext("%(count)s was given up", "%(count)s were given up", counts.given_up)
        trouble %= {"count": counts.given_up}
        return StatusLine(_("Jobs"), text, trouble, f"{list_of_jobs}?state=failed")
    return StatusLine(_("Jobs"), text)


def _sent(name: str, kind: str) -> StatusLine:
    waiting = Job.objects.filter(kind=kind).exclude(run_at=None).count()
    text = _("%(count)s waiting") % {"count": waiting} if waiting else _("All sent")
    failed = last_failure(kind)
    return StatusLine(name, text, *_failure(failed)) if failed else StatusLine(name, text)


def _backups() -> StatusLine:
    name = _("Backups")
    if not settings.BACKUP_TO:
        return StatusLine(name, _("None: BACKUP_TO is not set"))
    try:
        found = backups.backups_at(backups.configured_store())
    except backups.BackupError as error:
        return StatusLine(name, _("Out of reach"), str(error))
    if not found:
        text, is_overdue = _("None yet"), False
    else:
        made = backups.made_at(found[0])
        is_overdue = made < now() - OVERDUE
        text = _("The last of %(count)s is %(age)s old") % {
            "count": len(found),
            "age": timesince(made, depth=1),
        }
    if failed := last_failure(backups.JOB):
        return StatusLine(name, text, *_failure(failed))
    return StatusLine(name, text, _("Too old") if is_overdue else "", reverse(JOBS))


def _failure(failed: Job) -> tuple[str, str]:
    return failed.error, reverse("admin:scheduler_job_change", args=[failed.pk])


def _disk() -> StatusLine:
    Path(settings.MEDIA_ROOT).mkdir(parents=True, exist_ok=True)
    disk = shutil.disk_usage(settings.MEDIA_ROOT)
    text = _("%(free)s of %(total)s free; files of messages take %(kept)s") % {
        "free": filesizeformat(disk.free),
        "total": filesizeformat(disk.total),
        "kept": filesizeformat(used_by_all()),
    }
    return StatusLine(_("Disk"), text, _("Nearly full") if disk.free < SCARCE * disk.total else "")


def _versions() -> StatusLine:
    parts = [
        f"Chatsite {VERSION}",
        f"Django {django.__version__}",
        f"Python {platform.python_version()}",
    ]
    parts.append(_database())
    trouble = []
    if settings.REDIS_URL:
        version = _redis()
        parts.append(f"Redis {version}".strip())
        trouble += [] if version else [_("Redis does not answer")]
    if missing := migration_state.missing():
        words = ngettext(
            "%(count)s migration is missing", "%(count)s migrations are missing", len(missing)
        )
        trouble.append(words % {"count": len(missing)})
    return StatusLine(_("Versions"), ", ".join(parts), "; ".join(trouble))


def _database() -> str:
    version = connection.get_database_version()
    return f"{connection.display_name} {'.'.join(str(part) for part in version)}"


def _redis() -> str:
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE
        ) as client:
            return str(client.info("server")["redis_version"])
    except redis.RedisError:
        return ""
