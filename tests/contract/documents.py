"""The documents of the API, as a test holds the site to them."""

import copy
from typing import Any

Document = dict[str, Any]


def closed(document: Document) -> Document:
    """A copy in which payloads have no field that they do not name.

    Clients are told no such thing, since fields may be added; here a field that nobody described is
    a mistake.
    """
    strict = copy.deepcopy(document)
    for name, schema in strict["components"]["schemas"].items():
        if name.endswith(("Payload", "Record")):
            schema.setdefault("additionalProperties", False)
    return strict
