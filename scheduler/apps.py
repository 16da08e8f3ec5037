from django.apps import AppConfig
from django.conf import settings
from django.core.signals import request_started
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _

from chatsite.lifespan import on_shutdown, on_startup


class SchedulerConfig(AppConfig):
    name = "scheduler"
    verbose_name = _("Jobs")

    def ready(self) -> None:
        autodiscover_modules("jobs")  # each registers what it can do
        if settings.RUN_JOBS:
            # It needs the models.
            from scheduler import runner, wakeup

            on_startup.append(runner.start)
            # For servers without lifespan events.
            request_started.connect(_start_with_first_request, dispatch_uid="scheduler")
            on_shutdown.append(wakeup.stop)


def _start_with_first_request(**_request: object) -> None:
    from scheduler import runner

    request_started.disconnect(dispatch_uid="scheduler")
    runner.start()
