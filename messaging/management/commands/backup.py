"""A backup of the whole site, taken while it runs."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from chatsite.backups.stores import backup_store_at
from messaging.services.backups import BackupError, take_backup


class Command(BaseCommand):
    help = (
        "Copies the database, all files and the keys of the site to a folder or an object store,"
        " as of one moment, while people write. Files that an earlier backup there has are not"
        " copied again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("place", nargs="?", help="a folder or an address; else BACKUP_TO")

    def handle(self, *args: Any, place: str | None, **options: Any) -> None:
        to = place or settings.BACKUP_TO or str(settings.BASE_DIR / "var" / "backups")
        try:
            result = take_backup(backup_store_at(to))
        except BackupError as error:
            raise CommandError(_("No backup was made: %s") % error) from None
        for name in result.missing:
            self.stderr.write(_("The site itself lacks %s.") % name)
        words = _("%(name)s: %(rows)s rows, %(files)s files, of which %(copied)s are new.")
        self.stdout.write(
            words
            % {
                "name": result.name,
                "rows": result.rows,
                "files": result.files,
                "copied": result.copied,
            }
        )
