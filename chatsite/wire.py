"""Values as they go over the wire, and how the documents of the API describe them."""

import re
from datetime import UTC, datetime
from typing import Annotated, NotRequired, TypedDict

from django.conf import settings
from msgspec import Meta

ONE_PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJg"
    "gg=="
)

Key = Annotated[
    str,
    Meta(pattern="^[0-9a-f]{24}$", description="Opaque.", examples=["65a5b1d0c0ffee0000000001"]),
]
Timestamp = Annotated[
    str,
    Meta(
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$",
        description="UTC, ISO 8601 with milliseconds.",
        examples=["2024-01-15T10:35:00.000Z"],
        extra_json_schema={"format": "date-time"},
    ),
]
PictureUrl = Annotated[
    str,
    Meta(
        description="A path of this site; absolute when the operator set PUBLIC_URL, and for pages"
        " of other origins that CLIENT_URL lists.",
        extra_json_schema={"format": "uri-reference"},
    ),
]
FileUrl = PictureUrl
IMAGE_URI = "^(data:image/[A-Za-z0-9.+-]{1,20};base64,[A-Za-z0-9+/]+={0,2})?$"
DataUri = Annotated[
    str,
    Meta(
        pattern=IMAGE_URI,
        description="JPEG, PNG, WebP, GIF, AVIF or HEIC. Nothing between the quotes is absent.",
        examples=[f"data:image/png;base64,{ONE_PIXEL}"],
    ),
]
PictureFile = Annotated[
    str,
    Meta(description="JPEG, PNG, WebP, GIF, AVIF or HEIC.", extra_json_schema={"format": "binary"}),
]
PICTURES = ("image", "thumbnail", "profilePic", "url")  # the fields that are a PictureUrl
Count = Annotated[int, Meta(ge=0)]


class ErrorPayload(TypedDict):
    message: Annotated[str, Meta(description="One sentence for a person.")]
    errors: NotRequired[
        Annotated[dict[str, list[str]], Meta(description="What is wrong, by field.")]
    ]


class NoticePayload(TypedDict):
    message: str


def timestamp(moment: datetime | str) -> str:
    """UTC, ISO 8601 with milliseconds: `2024-01-15T10:35:00.000Z`. A text is SQLite's of a moment,
    `2024-01-15 10:35:00.123000`, whose fraction may be missing.
    """
    if isinstance(moment, str):
        whole = f"{moment[:10]}T{moment[11:23]}Z"
        return whole if len(whole) > 20 else f"{whole[:-1]}.000Z"
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def absolute(path: str) -> str:
    """A path of this site as a client elsewhere needs it: absolute when PUBLIC_URL is set."""
    return f"{settings.PUBLIC_URL}{path}"


def with_address(json_text: str, address: str) -> str:
    """The same JSON, compact as we write it, with this address in front of the paths of pictures
    and files.
    """
    return _PICTURE.sub(rf"\g<0>{address}", json_text)


# Quotes inside of texts have a backslash before them.
_PICTURE = re.compile(rf'"(?:{"|".join(PICTURES)})":"(?=/media/|/api/attachments/)')
