"""The whole site as it was at a backup."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from chatsite.backups.stores import BackupStore, backup_store_at
from chatsite.conf.env import SECRET_FILE
from chatsite.conf.variables import text
from messaging.services.backups import BackupError, backups_at, keys_of, restore

SECRET = "JWT_SECRET"  # noqa: S105  a name


class Command(BaseCommand):
    help = (
        "Makes the site what it was at a backup, on whichever database DATABASE_URL names. Stop the"
        " site first. Safe to repeat."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", nargs="?", help="such as 20261130-034500; else the last one")
        parser.add_argument("--from", dest="place", help="a folder or an address; else BACKUP_TO")
        parser.add_argument("--list", action="store_true", help="only list the backups")
        parser.add_argument("--keys", action="store_true", help="only print the keys of the site")
        parser.add_argument(
            "--overwrite", action="store_true", help="also if this site has people: they are gone"
        )

    def handle(self, *args: Any, name: str | None, place: str | None, **options: Any) -> None:
        at = backup_store_at(
            place or settings.BACKUP_TO or str(settings.BASE_DIR / "var" / "backups")
        )
        try:
            names = backups_at(at)
            if options["list"]:
                self.stdout.write("\n".join(names))
                return
            if not names:
                raise CommandError(_("There is no backup."))
            if options["keys"]:
                for key, value in keys_of(at, name or names[0]).items():
                    self.stdout.write(f"{key}={value}")
                return
            self._restore(at, name or names[0], options["overwrite"])
        except BackupError as error:
            raise CommandError(str(error)) from None

    def _restore(self, backup_store: BackupStore, name: str, overwrite: bool) -> None:
        restored = restore(backup_store, name, overwrite=overwrite)
        for missing in restored.missing:
            self.stderr.write(_("The backup lacks %s.") % missing)
        if SECRET in restored.other_keys:
            self._restore_secret(keys_of(backup_store, name)[SECRET])
        words = _("%(name)s: %(rows)s rows and %(files)s files are back.")
        self.stdout.write(words % {"name": name, "rows": restored.rows, "files": restored.files})

    def _restore_secret(self, secret: str) -> None:
        if text(SECRET):
            self.stderr.write(
                _(
                    "Set JWT_SECRET to that of the backup (--keys prints it): by another one"
                    " nobody is signed in, and mails that wait are lost."
                )
            )
        else:
            SECRET_FILE.write_text(secret)
