"""Which messages show a picture: that of a forwarded message is shared with its copies."""

from django.conf import settings
from django.db.models import QuerySet

from chatsite.fastpath.expressions import EmptyText
from messaging.models import Message


def with_picture(image: str) -> QuerySet[Message]:
    # The condition of the index, so that it is used.
    there = Message.objects.filter(image__gt="" if settings.MONGODB else EmptyText())
    return there.filter(image=image)
