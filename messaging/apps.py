from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import pre_delete

from chatsite.lifespan import on_startup


class MessagingConfig(AppConfig):
    name = "messaging"

    def ready(self) -> None:
        from messaging.queries.privacy import follow  # which needs the models

        pre_delete.connect(_leave_groups, sender=settings.AUTH_USER_MODEL)
        on_startup.append(follow)


def _leave_groups(instance: Any, **_signal: Any) -> None:
    """However an account is deleted: in the same transaction."""
    from messaging.services.groups import leave_all  # which needs the models

    leave_all(instance)
