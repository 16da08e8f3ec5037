"""Fields for what comes in: strict about types, lenient about absence."""

import re
from functools import cache
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.utils import html

from chatsite.errors import DomainError, sentences
from chatsite.pictures import images

MAX_INTEGER = 2**53 - 1  # what every JSON client can count to
_PLAIN = re.compile("[A-Za-z0-9_-]*(?:=|%3D)*")


class TextField(serializers.CharField):
    """A string as it was written; null and absent are the default, which is empty.

    Refuses numbers, NUL and lone surrogates.
    """

    def __init__(self, **kwargs: Any) -> None:
        options = {"default": "", "allow_blank": True, "allow_null": True, "trim_whitespace": False}
        super().__init__(**{**options, **kwargs})

    def run_validation(self, data: Any = serializers.empty) -> Any:
        text = super().run_validation(data)
        return self.default if text is None else text

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class PictureField(serializers.Field[bytes | None, Any, str, Any]):
    """A data URI or an uploaded file, as bytes; null and absent are None, and so is "", which
    `allow_blank` leaves as it is.
    """

    default_error_messages = {"invalid": _("The picture must be a data URI or an uploaded file.")}

    def __init__(self, *, allow_blank: bool = False, **kwargs: Any) -> None:
        self.allow_blank = allow_blank
        super().__init__(**{"default": None, "allow_null": True, **kwargs})

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if data == "":
            return "" if self.allow_blank else None
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> bytes:
        if isinstance(data, UploadedFile):
            return bytes(data.read())
        if not isinstance(data, str):
            self.fail("invalid")
        try:
            return images.from_data_uri(data)
        except DomainError as error:
            raise serializers.ValidationError(error.message) from None

    def to_representation(self, value: Any) -> str:
        return ""


class FlagField(serializers.BooleanField):
    """true or false, in forms as a text; null and absent are None."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"default": None, "allow_null": True, **kwargs})

    def get_value(self, dictionary: Any) -> Any:
        """Of a form, that alone which is there: DRF takes an unchecked box for false."""
        if html.is_html_input(dictionary):
            text = dictionary.get(self.field_name)
            return {"true": True, "false": False, None: serializers.empty}.get(text, text)
        return super().get_value(dictionary)

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class WireSerializer(serializers.Serializer[None]):
    """Its fields are named as on the wire, in camelCase; what it returns is in snake_case."""

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        for name, field in fields.items():
            if not name.islower():
                field.source = field.source or re.sub("([A-Z])", r"_\1", name).lower()
                field.label = field.label or name
        return fields


def checked(shape: type[serializers.Serializer[Any]], data: Any) -> dict[str, Any]:
    """The fields of `data` in snake_case. Raises DomainError 400 that names the wrong ones."""
    serializer = shape(data=data)
    if serializer.is_valid():
        return dict(serializer.validated_data)
    errors = {name: list(sentences(detail)) for name, detail in serializer.errors.items()}
    general = errors.pop("non_field_errors", [])
    first = [*general, *(text for texts in errors.values() for text in texts)][0]
    raise DomainError(first, code="invalid", errors=errors)


def plain_query(shape: type[serializers.Serializer[Any]], query: str) -> dict[str, Any] | None:
    """What `checked` makes of a query string of numbers and cursors, in a fraction of the time;
    None for any other. Each field has a default, and those for text no validator but `max_length`.
    """
    fields, found = _fields(shape), dict[str, Any]()
    for part in query.split("&") if query else ():
        name, _equals, text = part.partition("=")
        field = fields.get(name)
        if field is None or name in found or not _PLAIN.fullmatch(text):
            return None
        text = text.replace("%3D", "=")
        is_short = isinstance(field, TextField) and len(text) <= (field.max_length or 0)
        try:
            found[name] = text if is_short else field.run_validation(text)
        except serializers.ValidationError:
            return None
    return {field.source: found.get(name, field.default) for name, field in fields.items()}


@cache
def _fields(shape: type[serializers.Serializer[Any]]) -> dict[str, Any]:
    return dict(shape().fields)
