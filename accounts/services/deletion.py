"""Deleting an account: requested by its owner or by an operator, and done by a job after a week in
which it can be kept.

Its row stays, without anything that was theirs, so that what they wrote has a sender and the
conversations of others no holes. `messaging/services/account_deletion.py` does the rest there.
"""

from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.utils.translation import gettext as _

from accounts import mail
from accounts.models import SiteRole, User
from accounts.services.restraints import silences
from accounts.services.rules import check_password
from accounts.services.sessions import end_other_sessions
from accounts.services.usernames import reserve
from chatsite.db import atomic, database_now, now, on_commit, repeatable
from chatsite.errors import DomainError
from chatsite.text import folded
from scheduler.services import cancel, schedule

JOB = "delete_account"
GRACE = timedelta(days=7)


def request_deletion(*, user: User, password: str, removes_messages: bool) -> datetime:
    """Returns when. Raises DomainError 400 for a wrong password, and as `plan_deletion` does."""
    check_password(user, password)
    return plan_deletion(user=user, removes_messages=removes_messages)


@repeatable
def plan_deletion(*, user: User, removes_messages: bool, grace: timedelta = GRACE) -> datetime:
    """Signs them out everywhere, and notifies them by mail. `removes_messages`: for everybody; else
    they stay, as those of a deleted account. Returns when.

    Raises DomainError 409 for the owner of the site, and for an account that is gone.
    """
    at = now() + grace
    with atomic():
        there = User.objects.filter(pk=user.pk, deleted_at=None).exclude(role=SiteRole.OWNER)
        if not there.update(deletion_at=at, deletion_removes=removes_messages):
            raise _not_the_owner() if user.role == SiteRole.OWNER else _is_gone()
        schedule(JOB, name=_job_of(user.pk), run_at=at, user=user.pk)
        mail.send(mail.deletion_planned(user, at))
        end_other_sessions(user=user, keep=None)
    user.deletion_at, user.deletion_removes = at, removes_messages
    return at


@repeatable
def keep_account(*, user: User) -> None:
    """Takes it back. Again: nothing happens. Raises DomainError 409 once it is gone."""
    with atomic():
        there = User.objects.filter(pk=user.pk, deleted_at=None)
        if not there.update(deletion_at=None, deletion_removes=False):
            raise _is_gone()
        cancel(_job_of(user.pk))
    user.deletion_at, user.deletion_removes = None, False


@repeatable
def close_account(*, user: str) -> User | None:
    """Takes from its row what is theirs: the address is free again, the username a while later, and
    nobody gets in any more. Again: nothing happens. None where it is not to be deleted, or not yet.
    """
    with atomic():
        due = User.objects.filter(pk=user, deletion_at__lte=database_now(), deleted_at=None)
        username = due.values_list("username", flat=True).first()
        name = _("Deleted account")
        closed = due.exclude(role=SiteRole.OWNER).update(
            email=user,  # unique, and no address
            email_confirmed_at=None,
            password=make_password(None),
            full_name=name,
            sort_name=folded(name),
            username="",
            picture="",
            privacy="",
            language="",
            notifications="",
            first_steps="",
            digest_sent_at=None,
            role="",
            warning="",
            last_seen_at=None,
            last_login=None,
            silenced_until=None,
            banned_at=now(),  # whoever asks for that lets them do nothing
            ban_reason="",
            ban_ends_at=None,
            updated_at=now(),
            deleted_at=now(),
        )
        found = User.objects.filter(pk=user).exclude(deleted_at=None).first()
        if closed and found:
            if username:
                reserve(user, username)
            end_other_sessions(user=found, keep=None)
            on_commit(silences.publish_change)
    return found


def _job_of(user: str) -> str:
    return f"{JOB}:{user}"


def _not_the_owner() -> DomainError:
    words = _("The site needs an owner: make somebody else the owner first.")
    return DomainError(words, 409, code="owner")


def _is_gone() -> DomainError:
    return DomainError(_("This account was deleted."), 409, code="deleted")
