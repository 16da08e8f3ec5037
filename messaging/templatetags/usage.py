"""For pages that know nothing of messages: what files take, who is blocked, and how the site is."""

from typing import Any

from django import template
from django.conf import settings

from accounts.models import User
from messaging.page.site_state import lines
from messaging.queries import attachments
from messaging.queries.blocks import blocked_by

register = template.Library()


@register.inclusion_tag("messaging/_usage.html")
def usage(user: User) -> dict[str, Any]:
    return {**attachments.usage(user), "deleted_days": settings.ATTACHMENT_DELETED_DAYS}


@register.inclusion_tag("messaging/_blocks.html", takes_context=True)
def blocks(context: dict[str, Any], user: User) -> dict[str, Any]:
    shared = {name: context.get(name) for name in ("messages", "csrf_token")}
    return {**shared, "blocked": blocked_by(user)}


@register.inclusion_tag("messaging/_site_state.html")
def site_state() -> dict[str, Any]:
    return {"lines": lines()}
