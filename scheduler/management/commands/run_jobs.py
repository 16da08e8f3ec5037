"""Does the jobs that are due, in a process of its own."""

import signal
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from chatsite import jobs
from scheduler import runner, wakeup
from scheduler.services import ensure_recurring


class Command(BaseCommand):
    help = (
        "Does the jobs that are due until it is told to stop. Servers do them themselves unless"
        " RUN_JOBS=false."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="only what is due now")

    def handle(self, *args: Any, once: bool = False, **options: Any) -> None:
        if once:
            ensure_recurring()
            runner.run_due()
            return
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _stop)
        runner.Runner().run()
        jobs.close_all()


def _stop(_number: int, _frame: FrameType | None) -> None:
    wakeup.stop()
