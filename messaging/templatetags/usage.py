"""For pages of other apps: what files take, who is blocked, exports and imports,
and how the site is.
"""

from typing import Any

from django import template
from django.conf import settings

from accounts.models import User
from messaging.page.site_state import lines
from messaging.page.uploads import tus_client
from messaging.queries import attachments, imports
from messaging.queries.blocks import blocked_by
from messaging.queries.exports import expires_at, export_of, state_of
from messaging.shapes.history_import import decoded_report

register = template.Library()


@register.inclusion_tag("messaging/_usage.html")
def usage(user: User) -> dict[str, Any]:
    return {**attachments.usage(user), "deleted_days": settings.ATTACHMENT_DELETED_DAYS}


@register.inclusion_tag("messaging/_blocks.html", takes_context=True)
def blocks(context: dict[str, Any], user: User) -> dict[str, Any]:
    return {**_shared(context), "blocked": blocked_by(user)}


@register.inclusion_tag("messaging/_export.html", takes_context=True)
def export(context: dict[str, Any], user: User) -> dict[str, Any]:
    found = export_of(user)
    if found is None:
        return _shared(context)
    details = {"export": found, "state": state_of(found), "expires": expires_at(found)}
    return {**_shared(context), **details}


@register.inclusion_tag("messaging/_import.html", takes_context=True)
def history_import(context: dict[str, Any], user: User) -> dict[str, Any]:
    shared = {**_shared(context), "user": user, "tus": tus_client()}
    row = imports.import_of(user)
    if row is None:
        return shared
    report = decoded_report(row.report) if row.report else None
    return {**shared, "import": row, "state": imports.state_of(row), "report": report}


def _shared(context: dict[str, Any]) -> dict[str, Any]:
    return {name: context.get(name) for name in ("messages", "csrf_token")}


@register.inclusion_tag("messaging/_site_state.html")
def site_state() -> dict[str, Any]:
    return {"lines": lines()}
