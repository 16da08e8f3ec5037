"""Removes what is older than the site keeps it."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from chatsite.db import now
from messaging.services import retention


class Command(BaseCommand):
    help = (
        "Counts messages, or files of messages, that are older than some days; with --remove, it"
        " removes them: for everybody, and for good. Safe to repeat, and while the site is running."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["messages", "files"])
        parser.add_argument("--days", type=int, required=True, help="what is older than this")
        parser.add_argument("--remove", action="store_true", help="not only count")

    def handle(self, *args: Any, what: str, days: int, remove: bool, **options: Any) -> None:
        if days < 1:
            raise CommandError(_("Name at least one day."))
        before = now() - timedelta(days=days)
        if what == "messages":
            old, remove_old = retention.old_messages(before), retention.remove_messages
            words = _("%(count)s messages removed")
        else:
            old, remove_old = retention.old_files(before), retention.remove_files
            words = _("files of %(count)s messages removed, %(size)s")
        count = remove_old(before) if remove else old.messages
        done = words % {"count": count, "size": filesizeformat(old.size)}
        self.stdout.write(done if remove else _("would be: %s") % done)
