"""JSON and forms in, whatever is sent: a body that cannot be read is a clear 400."""

from collections.abc import Mapping
from typing import IO, Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import DataAndFiles
from rest_framework.parsers import JSONParser as DrfJSONParser
from rest_framework.parsers import MultiPartParser as DrfMultiPartParser

from chatsite import strict_json
from chatsite.files import streaming

LOSSLESS = "latin-1"


class JSONParser(DrfJSONParser):
    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            return strict_json.loads(stream.read())
        except ValueError:
            raise ParseError(_("The body is not valid JSON.")) from None


class MultiPartParser(DrfMultiPartParser):
    """Django would store U+FFFD in place of bytes that are no UTF-8. So it reads Latin-1, in which
    no byte is lost, and what it read is decoded here.
    """

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> DataAndFiles:
        context = {**(parser_context or {}), "encoding": LOSSLESS}
        try:
            read = super().parse(stream, media_type, context)
            return DataAndFiles(_decoded(read.data), read.files)
        except UnicodeDecodeError:
            raise ParseError(_("The form is not valid UTF-8.")) from None


class UploadParser(DrfMultiPartParser):
    """For a view whose upload handlers write the file, as it arrives. Names that are no UTF-8 are
    replaced.
    """

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> DataAndFiles:
        body: Any = streaming.current() or stream
        return super().parse(body, media_type, parser_context)


def _decoded(form: QueryDict) -> QueryDict:
    decoded = QueryDict(mutable=True)
    for name, values in form.lists():
        decoded.setlist(_utf8(name), [_utf8(value) for value in values])
    return decoded


def _utf8(text: str) -> str:
    return text.encode(LOSSLESS).decode()
