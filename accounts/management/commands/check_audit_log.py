"""Whether anybody changed the record of what moderators did."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.models import AuditEntry
from accounts.services import audit


class Command(BaseCommand):
    help = "Finds entries of the record that were changed, removed, put in or put elsewhere."

    def add_arguments(self, parser: CommandParser) -> None:
        words = "an entry as an earlier check printed it: whoever can write to the database could"
        words += " write the whole record anew, but not what was noted elsewhere"
        parser.add_argument("--noted", action="append", default=[], help=words, metavar="N:HASH")

    def handle(self, *args: Any, noted: list[str], **options: Any) -> None:
        expected = dict(_parsed(each) for each in noted)
        found = False
        for fault in audit.faults(expected):
            found = True
            self.stderr.write(fault)
        if found:
            raise CommandError(_("The record is not as it was written."))
        last = AuditEntry.objects.order_by("-number").first()
        self.stdout.write(_("The record is whole."))
        if last:
            self.stdout.write(f"--noted {last.number}:{last.hash}")


def _parsed(text: str) -> tuple[int, str]:
    number, colon, digest = text.partition(":")
    if not (number.isdecimal() and colon):
        raise CommandError(_("An entry is noted as NUMBER:HASH."))
    return int(number), digest
