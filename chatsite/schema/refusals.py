"""Why a call may refuse: each status with what it means, and its sentences as examples."""

import re
from collections.abc import Mapping, Sequence

from drf_spectacular.utils import OpenApiExample, OpenApiResponse

from chatsite.schema.hooks import mention
from chatsite.wire import ErrorPayload

Sentences = Mapping[int, Sequence[str]]  # by status

MEANINGS = {
    400: "Something in the request is wrong.",
    401: "No token, or one that is bad, expired or revoked.",
    403: "Not for this person, or asked by a page of another site.",
    404: "There is no such thing, or not for this person.",
    405: "The path does not know this method.",
    408: "It arrives too slowly.",
    409: "It contradicts an earlier request.",
    410: "It is over: used, expired or withdrawn.",
    411: "The request does not say how long its body is.",
    412: "The version of a protocol is missing or not spoken here.",
    413: "The body is larger than 10,485,760 bytes, or an upload than it may be.",
    415: "The body is of a kind that this call does not take.",
    423: "Another request is at it.",
    429: "Too much at once.",
    460: "What arrived is not what was sent.",
    500: "A fault of the site's own.",
    502: "The service that keeps the pictures failed.",
    503: "Not at the moment: come back after `Retry-After`.",
    507: "The disk is full, or what the site may take of it.",
}

OF_ANY: Sentences = {
    405: ['Method "PATCH" not allowed.'],
    500: ["Something went wrong here. Please try again."],
}
OF_LIMITED: Sentences = {429: ["Too many requests. Please try again later."]}
OF_SIGNED_IN: Sentences = {
    401: ["Unauthorized - No token provided", "Unauthorized - Invalid token"]
}
OF_CHANGES: Sentences = {403: ["Requests from another site are refused."]}
OF_BODIES: Sentences = {
    400: ["The body is not valid JSON."],
    413: ["The request is too large."],
    415: ['Unsupported media type "text/plain" in request.'],
    507: ["There is no room for uploads at the moment. Please try again later."],
}
OF_PICTURES: Sentences = {
    400: [
        "The picture must be a data URI such as data:image/png;base64,…",
        "The picture is not valid base64.",
        "This is not a picture that can be read. Choose a JPEG, PNG, WebP, GIF, AVIF or HEIC.",
        "The picture is larger than 8 MB.",
        "The picture has too many pixels.",
        "The animation is too long.",
        "The picture takes too long to read. Save it again in another program, then retry.",
    ],
    502: ["The picture could not be stored. Please try again later."],
    503: [
        "Many pictures are being uploaded right now. Please try again in a moment.",
        "Pictures cannot be stored at the moment. Please try again later.",
    ],
    507: ["There is no room for more pictures here."],
}


def joined(*several: Sentences) -> dict[int, list[str]]:
    statuses = sorted({status for sentences in several for status in sentences})
    return {
        status: [text for sentences in several for text in sentences.get(status, ())]
        for status in statuses
    }


def responses(sentences: Sentences) -> dict[int, OpenApiResponse]:
    return {
        status: OpenApiResponse(
            mention(ErrorPayload), MEANINGS[status], [_example(text) for text in texts]
        )
        for status, texts in sentences.items()
    }


def _example(sentence: str) -> OpenApiExample:
    name = re.sub(r"\W+", "_", sentence).strip("_")
    return OpenApiExample(name, {"message": sentence}, summary=sentence)
