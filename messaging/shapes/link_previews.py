"""The preview of the first link of a message: what its row keeps of it, and what goes out."""

from typing import Annotated

import msgspec
from msgspec import Meta

from chatsite import strict_json
from chatsite.wire import PictureUrl, absolute


class PreviewRecord(msgspec.Struct, gc=False, omit_defaults=True):
    """What the page of a link says of itself, as plain text. What it does not say is left out."""

    url: Annotated[
        str, Meta(description="Of the page, in ASCII.", examples=["https://example.org/news"])
    ]
    title: Annotated[str, Meta(examples=["Example news"])]
    description: Annotated[str, Meta(examples=["All that is new."])] | None = None
    image: Annotated[PictureUrl, Meta(description="A small one; this site has it.")] | None = None
    width: Annotated[int, Meta(description="Pixels.")] | None = None
    height: Annotated[int, Meta(description="Pixels.")] | None = None


decoded_preview = strict_json.reader(PreviewRecord)
"""As it is stored: `image` is then its name in the store."""


def encoded_preview(preview: PreviewRecord) -> str:
    return msgspec.json.encode(preview).decode()


def preview_of(message: str, stored: str) -> PreviewRecord | None:
    """As that message has it, whose address its picture has."""
    preview = decoded_preview(stored)
    if preview and preview.image:
        preview.image = absolute(f"/media/previews/{message}/{preview.image}")
    return preview
