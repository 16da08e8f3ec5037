"""A page with a form, as the response to what was posted."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from accounts.access import PageRequest
from accounts.forms.service import ServiceForm
from chatsite.security.ratelimits import with_retry_after


def render_form(
    request: PageRequest, template: str, context: dict[str, Any], form: ServiceForm
) -> HttpResponse:
    response = render(request, template, context, status=status_of(request, form))
    return with_retry_after(response, form.refusal)


def status_of(request: PageRequest, form: ServiceForm) -> int:
    """200, also for a refusal of a request by htmx, which shows no other response. Whoever has to
    wait keeps their form as it is: forms.js takes the notice out of the response.
    """
    return form.status if form.is_throttled or not request.htmx else 200
