"""Removes sessions that no token opens any more."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils.translation import ngettext

from accounts.services.sessions import remove_expired_sessions


class Command(BaseCommand):
    help = "Removes the sessions that are older than a log-in lasts. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        count = remove_expired_sessions()
        text = ngettext("%(count)d session removed", "%(count)d sessions removed", count)
        self.stdout.write(text % {"count": count})
