"""Fills the site with a few people and their conversations."""

import secrets
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.models import User
from messaging.demo.filling import fill
from messaging.demo.people import PEOPLE, DemoPerson
from messaging.services.search_build import build_some

PASSWORD = "chatsite-demo"  # noqa: S105  # printed for everybody, and never used in production


class Command(BaseCommand):
    help = "Adds a few people and their conversations, once, and prints how to log in as them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--force", action="store_true", help="in production too, with a password made up now"
        )

    def handle(self, *args: Any, force: bool = False, **options: Any) -> None:
        if settings.PRODUCTION and not force:
            raise CommandError(_("This is a production site. Add --force if you mean it."))
        password = secrets.token_urlsafe(12) if settings.PRODUCTION else PASSWORD
        # Times of day are this machine's: the reader is most likely in front of it.
        fill(datetime.now().astimezone().replace(microsecond=0), password)
        while not build_some():  # so that search finds it at once
            pass
        self._explain(password)

    def _explain(self, password: str) -> None:
        ada = User.objects.get(email=PEOPLE[0].email)
        known = ada.check_password(password)
        self.stdout.write(_("Demo people, to log in with:") + "\n")
        for person in PEOPLE:
            self.stdout.write(f"  {person.email:<20} {person.full_name}{_note(person)}")
        self.stdout.write(
            "\n"
            + _("Password for all of them: %s")
            % (password if known else _("the one from the first time"))
        )


def _note(person: DemoPerson) -> str:
    if person.role:
        return " " + _("(admin: /admin/)")
    return " " + _("(start here)") if person is PEOPLE[0] else ""
