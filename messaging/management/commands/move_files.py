"""Moves files and pictures from MEDIA_ROOT to the object store, or back."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from chatsite.errors import DomainError
from chatsite.files.storage import LOCAL, OBJECTS, store
from chatsite.pictures.storage import StorageError
from messaging.services.moving import move_files

OFTEN = 100  # files, after which it says how far it is


class Command(BaseCommand):
    help = (
        "Moves files and pictures to where ATTACHMENT_STORE keeps new ones. Safe while the site"
        " is running, to stop at any time, and to repeat: it goes on with what is left."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", choices=[LOCAL, OBJECTS], required=True)

    def handle(self, *args: Any, to: str, **options: Any) -> None:
        if store.objects is None:
            raise CommandError(_("Set S3_URL first."))
        if to != settings.ATTACHMENT_STORE:
            raise CommandError(
                _("New files go elsewhere: set ATTACHMENT_STORE=%(to)s.") % {"to": to}
            )
        moved = 0
        try:
            for moved, _name in enumerate(move_files(to), 1):
                if moved % OFTEN == 0:
                    self.stdout.write(_("%(moved)s files moved …") % {"moved": moved})
        except (DomainError, StorageError) as error:
            message = _("%(moved)s files moved. Then: %(error)s")
            raise CommandError(message % {"moved": moved, "error": error}) from None
        self.stdout.write(_("%(moved)s files moved") % {"moved": moved})
