"""The document of the live events, open to everybody."""

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from chatsite.schema.rendering import YAML, rendered
from chatsite.schema.views import PublicView
from messaging.realtime.asyncapi import document


@extend_schema(exclude=True)
class EventsView(PublicView):
    """AsyncAPI, as YAML."""

    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(rendered(document, YAML), content_type=YAML)
