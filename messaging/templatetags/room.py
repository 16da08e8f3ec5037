"""How much room somebody's files take, for the profile, whose view knows nothing of messages."""

from typing import Any

from django import template
from django.conf import settings

from accounts.models import User
from messaging.queries.attachments import usage

register = template.Library()


@register.inclusion_tag("messaging/_room.html")
def room(user: User) -> dict[str, Any]:
    return {**usage(user), "deleted_days": settings.ATTACHMENT_DELETED_DAYS}
