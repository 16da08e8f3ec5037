"""Logging in against guessing: limits first, the password after.

Failures slow down those who try the same account from the same place. A browser, or an address,
that has signed in to the account before is a place of its own; all others are one place together,
however many they are. So an attack with many addresses is slow, and the owner does not feel it.
An account that does not exist is treated like one that does.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import BoundedSemaphore

from accounts import links, mail
from accounts.devices import device_of
from accounts.hashers import MAX_WAITING
from accounts.models import Session, User
from accounts.services.accounts import authenticate
from accounts.services.backoff import Backoff
from accounts.trusted_devices import account_key, device_key
from chatsite.errors import Busy, DomainError
from chatsite.security.ratelimits import LOG_INS, LOG_INS_PER_ADDRESS, check
from chatsite.security.request_limits import client_network

logger = logging.getLogger(__name__)
RECENT = 50  # sessions whose addresses count as known
UNKNOWN = "strangers"
# How many of them may wait for their password to be hashed: log-ins from known places never queue
# behind more of them than these.
_unknown_slots = BoundedSemaphore(MAX_WAITING // 4)


@dataclass(frozen=True, slots=True)
class LogInAttempt:
    """Where a log-in comes from, and the site that a mail about it leads to."""

    address: str
    device_token: str = ""
    user_agent: str = ""
    site: str = ""


def log_in(*, email: str, password: str, attempt: LogInAttempt) -> User:
    """Notifies the owner by mail of a place that the account does not know. A try that fails is
    logged with the key of the account; where there is none, or there were too many tries, with one
    that stands for what was typed, which may be a password.

    Raises TooMany or Busy, whatever the password is, else what `authenticate` raises.
    """
    try:
        return _log_in(email, password, attempt)
    except DomainError as error:
        # Whoever has to wait costs no query more.
        owner = None if error.wait else User.objects.with_email(email)
        account = owner.pk if owner else f"none-{account_key(email)}"
        logger.info("log-in refused: %s", error.code, extra={"account": account})
        raise


def _log_in(email: str, password: str, attempt: LogInAttempt) -> User:
    account = account_key(email)
    where = _place(account, email, attempt)
    place = f"{account} {where}"
    with _slot_for(where):
        check(LOG_INS, place)
        backoff = Backoff(place)
        backoff.check()
        try:
            user = authenticate(email=email, password=password)
        except Busy:
            backoff.refund()
            raise
        backoff.reset()
    if where == UNKNOWN:
        device = device_of(attempt.user_agent).name
        link = links.not_me_link(attempt.site, user)
        mail.send(mail.new_log_in(user, device, attempt.address, link))
    return user


@contextmanager
def _slot_for(where: str) -> Iterator[None]:
    """Raises Busy, before anything is counted, while too many from unknown places wait."""
    if where != UNKNOWN:
        yield
        return
    if not _unknown_slots.acquire(blocking=False):
        raise Busy
    try:
        yield
    finally:
        _unknown_slots.release()


def _place(account: str, email: str, attempt: LogInAttempt) -> str:
    if device := device_key(attempt.device_token, email):
        return device  # its address may be that of many, an attacker among them
    address = client_network(attempt.address)
    check(LOG_INS_PER_ADDRESS, address)
    return address if address in _known_addresses(email) else UNKNOWN


def _known_addresses(email: str) -> set[str]:
    # Not by a join: MongoDB would begin at the sessions of everybody. Nobody costs as much.
    user = User.objects.with_email(email)
    sessions = Session.objects.filter(user=user.pk if user else "").order_by("-last_seen_at")
    return {
        client_network(address) for address in sessions.values_list("address", flat=True)[:RECENT]
    }
