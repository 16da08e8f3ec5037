"""Documents as text."""

from collections.abc import Callable
from functools import cache

from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer

from chatsite.schema.components import Schema

JSON = "application/json"
YAML = "application/yaml"


@cache
def rendered(document: Callable[[], Schema], kind: str) -> bytes:
    """Once for each process: whoever asks gets the same."""
    renderer = OpenApiYamlRenderer() if kind == YAML else OpenApiJsonRenderer()
    return bytes(renderer.render(document()))
