"""Somebody's own devices, which all show the same."""

from accounts.models import User
from messaging import events, recipients
from messaging.payloads import account_payload

FOLLOWED = {"full_name", "username", "picture", "language", "notifications"}


def notify_devices(user: User) -> None:
    events.publish(events.ACCOUNT_CHANGED, account_payload(user), to=recipients.of([user.pk]))
