"""How a call of the API is described: its request, its responses and its refusals."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from chatsite.schema import refusals
from chatsite.schema.components import schema_of
from chatsite.schema.hooks import mention
from chatsite.schema.refusals import Sentences
from chatsite.wire import Key

View = TypeVar("View", bound=Callable[..., Any])

JSON = "application/json"
FORM = "multipart/form-data"


def call(
    name: str,
    summary: str,
    *,
    tag: str,
    responses: Mapping[int, tuple[str, Any]],
    refused: Sentences | None = None,
    bodies: Mapping[str, Any] | None = None,
    parameters: Sequence[Any] = (),
    public: bool = False,
    changes: bool = False,
    limited: bool = True,
    media: str = JSON,
) -> Callable[[View], View]:
    """A decorator for the method of a view.

    `responses` has the meaning and the payload of each status, which is of type `media` (None where
    there is none); `bodies` the payload of each media type that is taken. Refusals that many calls
    share need not be named.
    """
    shared = [refusals.OF_BODIES] * bool(bodies) + [refusals.OF_ANY]
    shared += [refusals.OF_SIGNED_IN] * (not public) + [refusals.OF_CHANGES] * changes
    shared += [refusals.OF_LIMITED] * limited
    successes = {
        (status, media): OpenApiResponse(mention(payload) if payload else None, meaning)
        for status, (meaning, payload) in responses.items()
    }
    return extend_schema(
        operation_id=name,
        summary=summary,
        tags=[tag],
        request={kind: mention(body) for kind, body in (bodies or {}).items()} or None,
        responses=successes | refusals.responses(refusals.joined(refused or {}, *shared)),
        parameters=[
            *parameters,
            header("Retry-After", "Seconds to wait.", [429]),
            header("Retry-After", "Seconds to wait.", [503], always=False),
        ],
    )


def key_in_path(name: str, description: str) -> OpenApiParameter:
    return in_path(name, Key, description)


def in_path(name: str, kind: Any, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, schema_of(kind), OpenApiParameter.PATH, description=description)


def header(
    name: str, description: str, statuses: Sequence[int], *, always: bool = True
) -> OpenApiParameter:
    """A header of the responses with these statuses."""
    return OpenApiParameter(
        name,
        str,
        OpenApiParameter.HEADER,
        description=description,
        response=list(statuses),
        required=always,
    )
