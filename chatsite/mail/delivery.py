"""Sends mail from threads of its own: it neither delays nor fails who asked for it."""

import logging
import time
from email.utils import make_msgid
from functools import partial

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.utils import DNS_NAME
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    sleep_using_event,
    stop_after_attempt,
    wait_exponential_jitter,
)

from chatsite.jobs import JobQueue
from chatsite.mail.faults import describe, is_passing

logger = logging.getLogger(__name__)

ATTEMPTS = 4
THREADS = 4  # so that a recipient whose server dawdles does not hold up the others
WAITING = 1000  # mails; more than that is an attack, or a server gone for long

outbox = JobQueue("mail", threads=THREADS, length=WAITING)


def deliver(message: EmailMessage) -> None:
    """Returns at once. What becomes of the mail, the log tells.

    It is sent a moment later, so that an answer takes as long whoever the mail is for, if anybody.
    """
    due = time.monotonic() + settings.EMAIL_DELAY_SECONDS
    if not outbox.put(partial(_send, message, due)):
        logger.warning("a mail was not sent: %d are waiting already", WAITING)


def _send(message: EmailMessage, due: float) -> None:
    outbox.closing.wait(max(0, due - time.monotonic()))
    _identify(message)
    try:
        _retrying()(message.send)
    except Exception as error:  # whatever the mail server's library raises: nobody waits for it
        logger.warning("a mail was not sent: %s", describe(error))


def _identify(message: EmailMessage) -> None:
    """All tries carry the same name, so that a mail that was taken twice can be told as one."""
    message.extra_headers.setdefault("Message-ID", make_msgid(domain=DNS_NAME.get_fqdn()))


def _retrying() -> Retrying:
    """Four tries, with 2, 8 and 32 seconds between them and a bit by chance."""
    first = settings.EMAIL_RETRY_SECONDS
    return Retrying(
        stop=stop_after_attempt(ATTEMPTS),
        wait=wait_exponential_jitter(multiplier=first, exp_base=4, jitter=first),
        retry=retry_if_exception(is_passing),
        before_sleep=_note,
        sleep=sleep_using_event(outbox.closing),
        reraise=True,
    )


def _note(state: RetryCallState) -> None:
    if state.outcome and (error := state.outcome.exception()):
        logger.info("a mail waits for another try: %s", describe(error))
