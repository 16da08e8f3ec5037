from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import pre_delete

from chatsite.lifespan import on_startup


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from accounts.services import admission, log_outs  # which need the models

        on_startup.extend([log_outs.resume, admission.log_owner_code])
        pre_delete.connect(_keep_username, sender=settings.AUTH_USER_MODEL)


def _keep_username(instance: Any, **_signal: Any) -> None:
    """However an account is deleted: in the same transaction."""
    # It needs the models.
    from accounts.services.usernames import reserve

    if instance.username:
        reserve(instance.pk, instance.username)
