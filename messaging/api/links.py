"""`Link` headers: where the rest of a list is."""

from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param


def link(request: Request, rel: str, **params: str | int) -> str:
    """The same address with other parameters, as a Link header's value."""
    return link_from(request.build_absolute_uri(), rel, **params)


def link_from(url: str, rel: str, **params: str | int) -> str:
    for name, value in params.items():
        url = replace_query_param(url, name, value)
    return f'<{url}>; rel="{rel}"'
