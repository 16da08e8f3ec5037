"""What somebody's files take, for the profile, whose view knows nothing of messages."""

from typing import Any

from django import template
from django.conf import settings

from accounts.models import User
from messaging.queries import attachments

register = template.Library()


@register.inclusion_tag("messaging/_usage.html")
def usage(user: User) -> dict[str, Any]:
    return {**attachments.usage(user), "deleted_days": settings.ATTACHMENT_DELETED_DAYS}
