"""DRF's browsable pages, for signed-in people who name `text/html`; everybody else gets JSON."""

from collections.abc import Iterable

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class SignedInNegotiation(DefaultContentNegotiation):
    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Never 406: what is not available in the accepted form comes as JSON."""
        json_renderer, *pages = renderers
        if pages and "text/html" in request.headers.get("Accept", "") and _signed_in(request):
            return pages[0], pages[0].media_type
        return json_renderer, json_renderer.media_type


def _signed_in(request: Request) -> bool:
    return bool(request.auth_session)  # type: ignore[attr-defined]  # TokenMiddleware sets it
