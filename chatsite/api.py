"""What API views have in common."""

from typing import Any

from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from chatsite.errors import DomainError


class FormView(APIView):
    """Takes a body. Its shape makes the form on the browsable page, and the response to OPTIONS."""

    serializer_class: type[Serializer[Any]]

    def get_serializer(self, *args: Any, **kwargs: Any) -> Serializer[Any]:
        return self.serializer_class(*args, **kwargs)

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, DomainError):
            exc.errors = self._by_wire_name(exc.errors)
        return super().handle_exception(exc)

    def _by_wire_name(self, errors: dict[str, list[str]]) -> dict[str, list[str]]:
        names = {field.source: name for name, field in self.get_serializer().fields.items()}
        return {names.get(source, source): texts for source, texts in errors.items()}
