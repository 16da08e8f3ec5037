from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.db.models.signals import post_delete, post_save, pre_delete

from chatsite.db import on_commit
from chatsite.lifespan import on_startup


class MessagingConfig(AppConfig):
    name = "messaging"

    def ready(self) -> None:
        # They need the models.
        from accounts.models import SitePolicy
        from accounts.services.filters import filters
        from accounts.services.push_subscriptions import subscribers
        from accounts.services.restraints import silences
        from messaging.queries.privacy import subscribe_to_rules

        for look in (_check_names, _notify_devices):
            post_save.connect(look, sender=settings.AUTH_USER_MODEL)
        pre_delete.connect(_clear_up_after, sender=settings.AUTH_USER_MODEL)
        on_startup.extend(
            [subscribe_to_rules, silences.subscribe, filters.subscribe, subscribers.subscribe]
        )
        post_save.connect(_publish_filters, sender=SitePolicy)
        for signal in (post_save, post_delete):
            signal.connect(_publish_policy, sender=SitePolicy)


def _check_names(instance: Any, update_fields: frozenset[str] | None, **_signal: Any) -> None:
    """However they were given: in the same transaction."""
    # It needs the models.
    from messaging.services.filters import report_held_names

    if update_fields is None or update_fields & {"full_name", "username"}:
        report_held_names(instance)


def _notify_devices(instance: Any, update_fields: frozenset[str] | None, **_signal: Any) -> None:
    """What somebody changes of their account is so on their other devices at once."""
    # It needs the models.
    from messaging.services.devices import FOLLOWED, notify_devices

    if update_fields and update_fields & FOLLOWED:
        notify_devices(instance)


def _publish_filters(**_signal: Any) -> None:
    from accounts.services.filters import filters

    on_commit(filters.publish_change)


def _publish_policy(**_signal: Any) -> None:
    # It needs the models.
    from messaging.queries.privacy import publish_rules_change

    on_commit(publish_rules_change)


def _clear_up_after(instance: Any, **_signal: Any) -> None:
    """However an account is deleted: in the same transaction."""
    # They need the models.
    from messaging.services.deletions import delete_saved, delete_written
    from messaging.services.groups import leave_all
    from messaging.services.search_index import forget_chats_of

    # Nobody adds it to a group meanwhile.
    list(type(instance).objects.select_for_update().filter(pk=instance.pk))
    leave_all(instance)
    forget_chats_of(instance)
    delete_saved(instance)
    delete_written(instance)
