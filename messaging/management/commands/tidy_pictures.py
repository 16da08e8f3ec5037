"""Removes pictures that nobody refers to, and finishes what Cloudinary did not do in time."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.models import User
from chatsite.pictures import storage
from messaging.services.tidying import Tidied, tidy


class Command(BaseCommand):
    help = (
        "Removes the pictures that no message and no person refers to, an hour after they were"
        " stored, and puts those of deleted messages out of reach. Safe to repeat, and while the"
        " site is running."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count")

    def handle(self, *args: Any, dry_run: bool = False, **options: Any) -> None:
        is_empty = not User.objects.exists()
        for store in storage.stores():
            try:
                if is_empty and any(True for _kept in store.listed()):
                    raise CommandError(_("Nobody is in this database. Is DATABASE_URL right?"))
                tidied = tidy(store, dry_run=dry_run)
            except (storage.StorageError, OSError) as error:
                raise CommandError(f"{store.label}: {error}") from None
            self.stdout.write(f"{store.label}: {_summary(tidied, dry_run)}")


def _summary(tidied: Tidied, dry_run: bool) -> str:
    counts = _(
        "%(kept)s kept, %(removed)s removed, %(withdrawn)s put out of reach,"
        " %(given_back)s brought back"
    ) % {
        "kept": tidied.kept,
        "removed": tidied.removed,
        "withdrawn": tidied.withdrawn,
        "given_back": tidied.given_back,
    }
    return _("would be: %s") % counts if dry_run else counts
