"""Does the jobs that are due, in a process of its own."""

import signal
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand

from chatsite import job_queue
from scheduler import runner, wakeup


class Command(BaseCommand):
    help = (
        "Does the jobs that are due until it is told to stop. Servers do them themselves unless"
        " RUN_JOBS=false."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _stop)
        runner.Runner().run()
        job_queue.close_all()


def _stop(_number: int, _frame: FrameType | None) -> None:
    wakeup.stop()
