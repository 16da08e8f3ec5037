"""Hooks of drf-spectacular: what its decorators have no word for."""

from typing import Any

from django.conf import settings

from chatsite.schema.components import Schema, components, reference_to

_mentioned: list[Any] = []


def mention(payload: Any) -> Schema:
    """What stands for a payload where a call is described."""
    _mentioned.append(payload)
    return reference_to(payload)


def add_components(result: Schema, **_context: Any) -> Schema:
    """The payloads that were mentioned."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(components(_mentioned))
    return result


def add_servers(result: Schema, **_context: Any) -> Schema:
    """The address that people type; else whatever host the document came from."""
    result["servers"] = [{"url": settings.PUBLIC_URL or "/", "description": "This site"}]
    return result


def require_bodies(result: Schema, **_context: Any) -> Schema:
    """Whatever takes a body does nothing without one."""
    for methods in result["paths"].values():
        for operation in methods.values():
            if "requestBody" in operation:
                operation["requestBody"]["required"] = True
    return result
