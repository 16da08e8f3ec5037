"""Waits until the database answers, for what is started together with it."""

import re
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, InterfaceError, connection
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from chatsite.db import reason
from chatsite.fastpath.prepared import connect_past_the_pool

SECONDS = 60
TIMEOUT = 2  # seconds, of each try
VERBOSE = re.compile(r" \(configured timeouts|, Timeout: |, full error: ")
UNREACHABLE = (DatabaseError, InterfaceError)


class Command(BaseCommand):
    help = "Waits until the database answers; fails when it does not in time."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--seconds", type=float, default=SECONDS, help=f"at most this long, {SECONDS} by itself"
        )

    def handle(self, *, seconds: float, **options: Any) -> None:
        tries = Retrying(
            retry=retry_if_exception_type(UNREACHABLE),
            stop=stop_after_delay(seconds),
            wait=wait_fixed(1),
            before_sleep=self._report_attempt,
            reraise=True,
        )
        try:
            tries(check_connection)
        except UNREACHABLE as error:
            waited = f"DATABASE_URL: the database did not answer in {seconds:g} seconds."
            raise CommandError(f"{waited} {_reason(error)}") from None

    def _report_attempt(self, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        self.stderr.write(f"Waiting for the database: {_reason(error)}")
        self.stderr.flush()


def check_connection() -> None:
    """Raises DatabaseError, InterfaceError."""
    if connection.vendor == "mongodb":
        from chatsite.mongodb_backend import server

        server.ping(TIMEOUT)
    elif connection.vendor == "postgresql":
        connect_past_the_pool(TIMEOUT)
    else:
        connection.ensure_connection()


def _reason(error: BaseException | None) -> str:
    """What drivers say first; they go on for long."""
    return VERBOSE.split(reason(error))[0] if error else "it does not answer."
