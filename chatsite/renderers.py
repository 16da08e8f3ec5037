"""JSON out, for pages of whatever origin."""

from typing import Any

import msgspec
from rest_framework.renderers import JSONRenderer as DrfJSONRenderer
from rest_framework.request import Request
from rest_framework.utils.encoders import JSONEncoder

from chatsite.security.origins import address_for
from chatsite.wire import with_address


class _Encoder(JSONEncoder):
    def default(self, obj: Any) -> Any:
        if isinstance(obj, msgspec.Struct):
            return msgspec.json.decode(msgspec.json.encode(obj))  # noqa: TID251 it is ours
        return super().default(obj)


class JSONRenderer(DrfJSONRenderer):
    """Records, too."""

    encoder_class = _Encoder

    def render(
        self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None
    ) -> Any:
        json = super().render(data, accepted_media_type, renderer_context)
        address = _address_for((renderer_context or {}).get("request"))
        return with_address(json.decode(), address).encode() if address else json


def _address_for(request: Request | None) -> str:
    origin = request.headers.get("Origin") if request else None
    if request is None or origin is None:
        return ""
    return address_for(origin, scheme=request.scheme or "http", host=request.get_host())
