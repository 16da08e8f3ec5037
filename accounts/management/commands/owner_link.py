"""The code by which a new site gets its owner; nothing once there is one."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from accounts.services.admission import has_owner, owner_words


class Command(BaseCommand):
    help = "Prints the code that makes the account of the site's owner, as long as there is none."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--site", default="", help="where the site is, without PUBLIC_URL")

    def handle(self, *args: Any, site: str, **options: Any) -> None:
        if not has_owner():
            self.stdout.write(owner_words(settings.PUBLIC_URL or site))
