"""Mails that say what is unread, to people who are away: one, until they are back."""

from django.core.mail import EmailMultiAlternatives

from accounts import mail
from accounts.models import User
from chatsite.db import atomic, now, repeatable

BATCH_SIZE = 100  # mails that one run adds to those that wait


@repeatable
def send_digest(*, user: User, letter: EmailMultiAlternatives) -> bool:
    """In the transaction that notes it. False where `user` is not as they were any more: back,
    mailed by another worker, banned, or of another mind.
    """
    watched = ("email", "notifications", "last_seen_at", "last_login", "digest_sent_at")
    as_it_was = {name: getattr(user, name) for name in watched}
    there = User.objects.filter(pk=user.pk, banned_at=None, deletion_at=None, **as_it_was)
    with atomic():
        noted = there.update(digest_sent_at=now())
        if noted:
            mail.send(letter)
    return bool(noted)
