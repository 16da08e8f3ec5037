"""The document of the calls and the page that shows it, open to everybody."""

from django.http import HttpResponse
from django.shortcuts import render
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from chatsite.schema.components import Schema
from chatsite.schema.rendering import JSON, YAML, rendered


class PublicView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)


@extend_schema(exclude=True)
class SchemaView(PublicView):
    """OpenAPI, as JSON or, for those who name it, as YAML."""

    def get(self, request: Request) -> HttpResponse:
        kind = request.get_preferred_type([JSON, YAML]) or JSON
        response = HttpResponse(rendered(document, kind), content_type=kind)
        response["Vary"] = "Accept"
        return response


@extend_schema(exclude=True)
class DocsPage(PublicView):
    """Swagger UI."""

    def get(self, request: Request) -> HttpResponse:
        return render(request, "docs.html")


def document() -> Schema:
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    return dict(generator.get_schema(request=None, public=True))  # type: ignore[no-untyped-call]
