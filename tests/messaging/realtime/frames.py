"""Frames, held to the document of the live events."""

from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from messaging.realtime.asyncapi import document
from tests.contract.documents import closed

OF_TESTS = {"marker"}  # events that tests send by way of the server


def check_from_server(frame: Any) -> None:
    """Raises KeyError for an event that is not described, ValidationError for one that differs."""
    if frame["event"] not in OF_TESTS:
        validator(frame["event"]).validate(frame)


@cache
def validator(key: str) -> Draft202012Validator:
    """Of the message under this key."""
    strict = closed(document())
    message = strict["components"]["messages"][key]
    message["payload"]["additionalProperties"] = False
    return Draft202012Validator({**message["payload"], "components": strict["components"]})
