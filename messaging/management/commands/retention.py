"""Removes what is older than the site keeps it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from accounts.services.inactivity import delete_inactive, inactive_since
from chatsite.db import now
from messaging.services import retention


class Command(BaseCommand):
    help = (
        "Counts messages, or files of messages, that are older than some days, or accounts that"
        " were not used for so long; with --remove, it removes them: for everybody, and for good."
        " Safe to repeat, and while the site is running."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["messages", "files", "accounts"])
        parser.add_argument("--days", type=int, required=True, help="what is older than this")
        parser.add_argument("--remove", action="store_true", help="not only count")

    def handle(self, *args: Any, what: str, days: int, remove: bool, **options: Any) -> None:
        if days < 1:
            raise CommandError(_("Name at least one day."))
        before = now() - timedelta(days=days)
        size = 0
        remove_old: Callable[[datetime], int]
        if what == "messages":
            count, remove_old = retention.old_messages(before).messages, retention.remove_messages
            words = _("%(count)s messages removed")
        elif what == "files":
            old, remove_old = retention.old_files(before), retention.remove_files
            count, size = old.messages, old.size
            words = _("files of %(count)s messages removed, %(size)s")
        else:
            count, remove_old = sum(1 for _user in inactive_since(before)), delete_inactive
            words = _("%(count)s accounts to be deleted in a week")
        if remove:
            count = remove_old(before)
        done = words % {"count": count, "size": filesizeformat(size)}
        self.stdout.write(done if remove else _("would be: %s") % done)
