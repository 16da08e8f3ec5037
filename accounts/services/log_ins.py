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
from accounts.hashers import LINE
from accounts.models import Session, User
from accounts.services.accounts import authenticate
from accounts.services.backoff import Backoff
from accounts.trusted_devices import account_key, device_key
from chatsite.errors import Busy, DomainError
from chatsite.security.ratelimits import LOG_INS, LOG_INS_PER_ADDRESS, check
from chatsite.security.request_limits import client_network

logger = logging.getLogger(__name__)
RECENT = 50  # sessions whose addresses count as known
STRANGERS = "strangers"
# How many of them may wait for their password to be hashed: whoever is known at a place finds room
# and a turn soon, however many strangers try.
_strangers = BoundedSemaphore(LINE // 4)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where somebody tries from, and the site that a mail about it leads to."""

    address: str
    device_token: str = ""
    user_agent: str = ""
    site: str = ""


def log_in(*, email: str, password: str, origin: Origin) -> User:
    """Tells the owner by mail of a place that the account does not know. A try that fails is logged
    with the key of the account; where there is none, or there were too many tries, with one that
    stands for what was typed, which may be a password.

    Raises TooMany or Busy, whatever the password is, else what `authenticate` raises.
    """
    try:
        return _log_in(email, password, origin)
    except DomainError as error:
        # Whoever has to wait costs no query more.
        owner = None if error.wait else User.objects.with_email(email)
        account = owner.pk if owner else f"none-{account_key(email)}"
        logger.info("log-in refused: %s", error.code, extra={"account": account})
        raise


def _log_in(email: str, password: str, origin: Origin) -> User:
    account = account_key(email)
    where = _place(account, email, origin)
    place = f"{account} {where}"
    with _room_at(where):
        check(LOG_INS, place)
        backoff = Backoff(place)
        backoff.wait_turn()
        try:
            user = authenticate(email=email, password=password)
        except Busy:
            backoff.give_back()
            raise
        backoff.forget()
    if where == STRANGERS:
        device = device_of(origin.user_agent).name
        link = links.not_me_link(origin.site, user)
        mail.send(mail.new_log_in(user, device, origin.address, link))
    return user


@contextmanager
def _room_at(where: str) -> Iterator[None]:
    """Raises Busy, before anything is counted, when too many strangers are there already."""
    if where != STRANGERS:
        yield
        return
    if not _strangers.acquire(blocking=False):
        raise Busy
    try:
        yield
    finally:
        _strangers.release()


def _place(account: str, email: str, origin: Origin) -> str:
    if device := device_key(origin.device_token, email):
        return device  # its address may be that of many, an attacker among them
    address = client_network(origin.address)
    check(LOG_INS_PER_ADDRESS, address)
    return address if address in _known_addresses(email) else STRANGERS


def _known_addresses(email: str) -> set[str]:
    # Not by a join: MongoDB would begin at the sessions of everybody. Nobody costs as much.
    user = User.objects.with_email(email)
    sessions = Session.objects.filter(user=user.pk if user else "").order_by("-last_seen_at")
    return {
        client_network(address) for address in sessions.values_list("address", flat=True)[:RECENT]
    }
