"""Typed payloads as JSON Schema: the one source of both documents."""

from collections.abc import Iterable
from typing import Any

import msgspec

Schema = dict[str, Any]

TEMPLATE = "#/components/schemas/{name}"


def schema_of(kind: Any) -> Schema:
    """Of a plain type, such as `Key`."""
    return msgspec.json.schema(kind)


def reference_to(shape: Any) -> Schema:
    """What stands for a payload, or a list of it."""
    [schema], _schemas = msgspec.json.schema_components([shape], ref_template=TEMPLATE)
    return schema


def components(shapes: Iterable[Any]) -> dict[str, Schema]:
    """The schemas of the payloads and of all that they are made of, by name."""
    _references, schemas = msgspec.json.schema_components(shapes, ref_template=TEMPLATE)
    return dict(sorted(schemas.items()))
