"""Errors reported to Sentry. Imported only when SENTRY_DSN is set: it takes time to start."""

from typing import TYPE_CHECKING, Any

import sentry_sdk
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.integrations.logging import ignore_logger

from chatsite import VERSION
from chatsite.monitoring import trace
from chatsite.monitoring.logs import UNMATCHED, WITHHELD, quotes_values

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

# Everything else that is gathered (local variables, breadcrumbs, headers, arguments) may quote
# what people wrote.
SENT_FIELDS = (
    "contexts", "environment", "event_id", "exception", "level", "logger", "modules", "platform",
    "release", "sdk", "server_name", "timestamp",
)  # fmt: skip
CONTEXTS = ("runtime", "trace")


def start(dsn: str, *, environment: str) -> None:
    ignore_logger("django.security.*")  # no errors of ours, and anybody may cause any number
    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        release=f"chatsite@{VERSION}",
        integrations=[DjangoIntegration(middleware_spans=False)],
        auto_enabling_integrations=False,
        auto_session_tracking=False,
        send_client_reports=False,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        before_send=scrubbed,
    )


def scrubbed(event: "Event", hint: "Hint") -> "Event":
    kept: dict[str, Any] = {name: event[name] for name in SENT_FIELDS if name in event}  # type: ignore[literal-required]
    contexts = kept.pop("contexts", {})
    kept["contexts"] = {name: contexts[name] for name in CONTEXTS if name in contexts}
    for error in kept.get("exception", {}).get("values", ()):
        if quotes_values(error.get("module") or "", error.get("type") or ""):
            error["value"] = WITHHELD
    if template := (event.get("logentry") or {}).get("message"):
        kept["logentry"] = {"message": template}  # without what was put into it
    return {**kept, **_origin(event)}  # type: ignore[typeddict-item]


def _origin(event: "Event") -> dict[str, Any]:
    """Where it happened and to whom: the URL's pattern and keys."""
    current = trace.current()
    if current is None:
        return {}
    route = current.route or UNMATCHED
    return {
        "transaction": route,
        "tags": {"request_id": current.request_id, "method": current.method},
        "user": {"id": current.person} if current.person else {},
    }
