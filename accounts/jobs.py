"""What the scheduler does for people and their sessions."""

from datetime import timedelta

from accounts import mail
from accounts.services import moderation, usernames
from accounts.services.sessions import remove_expired_sessions
from chatsite.mail.faults import describe, is_passing
from scheduler.registry import GiveUp, Lane, Retry, job


@job(mail.JOB, lane=Lane.NETWORK, attempts=7)  # while the links in it still work
def deliver(sealed: str) -> None:
    """To a mail server that takes it twice, should this end before it is settled: by its
    Message-ID (with Resend, its idempotency key) both are one.
    """
    letter = mail.unsealed(sealed)
    try:
        letter.send()
    except Exception as error:  # whatever the mail server's library raises
        raise (Retry if is_passing(error) else GiveUp)(describe(error)) from error


@job(moderation.LIFT_BAN, lane=Lane.QUICK, attempts=None)
def lift_ban(user: str) -> None:
    moderation.lift_ended_ban(user=user)


@job("tidy_sessions", lane=Lane.LONG, every=timedelta(days=1))
def tidy_sessions() -> None:
    remove_expired_sessions()


@job("tidy_usernames", lane=Lane.LONG, every=timedelta(days=1))
def tidy_usernames() -> None:
    usernames.free_old()
