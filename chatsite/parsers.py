"""JSON in, whatever is sent: a body that cannot be read is a clear 400."""

from collections.abc import Mapping
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser as DrfJSONParser

from chatsite import strict_json


class JSONParser(DrfJSONParser):
    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            return strict_json.loads(stream.read().decode())
        except ValueError:
            raise ParseError(_("The body is not valid JSON.")) from None
