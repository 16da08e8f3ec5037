"""Imports the export of a Slack workspace: a group for each channel."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import User
from messaging.services.importers.source import ImportRefused
from messaging.services.slack_import import ImportedChannel, import_workspace


class Command(BaseCommand):
    help = (
        "Makes a group of each channel of a Slack export (a ZIP), with its messages. People are"
        " added by their e-mail address, where they have an account. Safe to repeat."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--owner", required=True, help="e-mail address of who owns the groups")

    def handle(self, *args: Any, file: Path, owner: str, **options: Any) -> None:
        user = User.objects.with_email(owner)
        if user is None:
            raise CommandError(f"Nobody has the address {owner}.")
        try:
            with file.open("rb") as opened:
                for each in import_workspace(file=opened, owner=user):
                    self._print(each)
        except (ImportRefused, OSError) as error:
            raise CommandError(str(error)) from None

    def _print(self, each: ImportedChannel | tuple[str, int]) -> None:
        if isinstance(each, ImportedChannel):
            self.stdout.write(f"#{each.name}: {each.messages} messages, {each.members} members")
            if each.refusal:
                self.stderr.write(f"#{each.name}: nobody was added: {each.refusal}")
        else:
            self.stdout.write("left out: {} ({})".format(*each))
