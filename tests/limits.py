"""Limits that a test reaches quickly."""

from collections.abc import Callable
from typing import Any

from accounts.models import SitePolicy
from accounts.services.filters import filters

REFUSAL = {"message": "Too many requests. Please try again later."}
SetLimits = Callable[..., None]
"""What the fixture `set_limits` is."""


def decide(**fields: Any) -> None:
    """The rules of the site, for this process."""
    SitePolicy.objects.update_or_create(pk=1, defaults=fields)
    filters.set(None)


class StoppedClock:
    """Stands still until it is set."""

    def __init__(self, now: float) -> None:
        self.now = now

    def time(self) -> float:
        return self.now


def assert_refused(response: Any, *, within: int = 60) -> None:
    """429 as the contract has it, with a time to come back, in seconds."""
    assert response.status_code == 429
    assert response.json() == REFUSAL
    assert 1 <= int(response["Retry-After"]) <= within
