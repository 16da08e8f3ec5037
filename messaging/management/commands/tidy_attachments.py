"""Removes uploads that were not sent, and files of deleted messages or of none."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.models import User
from chatsite.errors import DomainError
from chatsite.files.storage import store
from messaging.services.tidying import tidy_attachments


class Command(BaseCommand):
    help = (
        "Removes the uploads that were not sent for a day, the files of messages that were deleted"
        " ATTACHMENT_DELETED_DAYS ago, and those that belong to no message, an hour after they were"
        " stored. Safe to repeat, and while the site is running."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count")

    def handle(self, *args: Any, dry_run: bool = False, **options: Any) -> None:
        try:
            if not User.objects.exists() and any(True for _kept in store.listed()):
                raise CommandError(_("Nobody is in this database. Is DATABASE_URL right?"))
            tidied = tidy_attachments(dry_run=dry_run)
        except DomainError as error:
            raise CommandError(error.message) from None
        counts = _(
            "%(expired)s uploads expired, files of %(deleted)s deleted messages,"
            " %(removed)s files removed"
        ) % {"expired": tidied.expired, "deleted": tidied.deleted, "removed": tidied.removed}
        self.stdout.write(_("would be: %s") % counts if dry_run else counts)
