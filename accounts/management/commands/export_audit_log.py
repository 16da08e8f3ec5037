"""The record of what moderators did, for keeping elsewhere."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts.services import audit


class Command(BaseCommand):
    help = "Prints the record as JSON, one entry a line, the first one first."

    def handle(self, *args: Any, **options: Any) -> None:
        for lines in audit.exported():
            self.stdout.write(lines.decode(), ending="")
