from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import pre_delete

from chatsite.lifespan import on_startup


class MessagingConfig(AppConfig):
    name = "messaging"

    def ready(self) -> None:
        # They need the models.
        from messaging.queries.privacy import follow

        pre_delete.connect(_clear_up_after, sender=settings.AUTH_USER_MODEL)
        on_startup.append(follow)


def _clear_up_after(instance: Any, **_signal: Any) -> None:
    """However an account is deleted: in the same transaction."""
    # They need the models.
    from messaging.services.deletions import delete_saved
    from messaging.services.groups import leave_all
    from messaging.services.search_index import forget_chats_of

    leave_all(instance)
    forget_chats_of(instance)
    delete_saved(instance)
