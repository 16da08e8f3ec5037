"""Documents as text."""

from collections.abc import Callable
from functools import cache
from threading import Lock

from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer

from chatsite.schema.components import Schema

JSON = "application/json"
YAML = "application/yaml"
_making = Lock()


def rendered(document: Callable[[], Schema], kind: str) -> bytes:
    """Once for each process: all requests get the same, also those while it is made, which
    the library cannot do twice at a time.
    """
    with _making:
        return _rendered(document, kind)


@cache
def _rendered(document: Callable[[], Schema], kind: str) -> bytes:
    renderer = OpenApiYamlRenderer() if kind == YAML else OpenApiJsonRenderer()
    return bytes(renderer.render(document()))
