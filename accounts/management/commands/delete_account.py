"""Deletes an account, or keeps it after all, on its owner's request."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import audit
from accounts.services.deletion import GRACE, keep_account, plan_deletion
from chatsite.errors import DomainError
from chatsite.keys import is_key

# Who acts, in the record: nobody has this key.
OPERATOR = User(pk="0" * 24, full_name="manage.py delete_account")


class Command(BaseCommand):
    help = "Has an account deleted in a week, as its owner can in the profile. It is recorded."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("person", help="e-mail address, @username or key")
        parser.add_argument(
            "--remove-messages", action="store_true", help="delete what they wrote for everybody"
        )
        parser.add_argument("--now", action="store_true", help="without the week to keep it")
        parser.add_argument("--keep", action="store_true", help="keep the account after all")

    def handle(
        self,
        *args: Any,
        person: str,
        remove_messages: bool,
        now: bool,
        keep: bool,
        **options: Any,
    ) -> None:
        user = _found(person)

        def do() -> str:
            if keep:
                keep_account(user=user)
                what = _("Not to be deleted")
            else:
                grace = timedelta() if now else GRACE
                plan_deletion(user=user, removes_messages=remove_messages, grace=grace)
                what = (
                    _("To be deleted, with its messages") if remove_messages else _("To be deleted")
                )
            audit.record(by=OPERATOR, what=what, about=User, key=user.pk, name=str(user))
            return what

        try:
            done = audit.run_recorded(do)
        except DomainError as error:
            raise CommandError(error.message) from None
        when = f" {user.deletion_at:%Y-%m-%d %H:%M} UTC" if user.deletion_at else ""
        self.stdout.write(f"{user.full_name}: {done}{when}")


def _found(words: str) -> User:
    people = User.objects
    if is_key(words):
        found = people.filter(pk=words).first()
    else:
        found = people.with_username(words) if words.startswith("@") else people.with_email(words)
    if found is None or found.deleted_at:
        raise CommandError(_("There is no such account."))
    return found
