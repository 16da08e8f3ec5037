"""The calls about files, as the document of the API describes them."""

from typing import Annotated, Any, NotRequired, TypedDict

from drf_spectacular.utils import OpenApiParameter
from msgspec import Meta

from chatsite.files import tus
from chatsite.schema.calls import FORM, JSON, call, header, in_path, key_in_path
from chatsite.schema.refusals import OF_PICTURES, joined
from messaging.bodies import PosterBody, PosterForm
from messaging.serializers import FileQuery
from messaging.shapes.attachments import MAX_DURATION, MAX_VOICE, AttachmentRecord, Waveform
from messaging.shapes.payload_types import UsagePayload

TAG = "Attachments"
Binary = Annotated[str, Meta(extra_json_schema={"format": "binary"})]
NO_UPLOAD = "There is no such upload, or it has expired."
BUSY = "Too many uploads are running. Please try again in a moment."
OF_STORING = {
    503: [
        BUSY,
        "Files cannot be stored at the moment. Please try again later.",
        "Files cannot be checked for viruses at the moment. Please try again later.",
    ],
    507: ["There is no room for more files here."],
}
OF_SIZES = [
    "The file is larger than 100 MB.",
    "Your files would take more than the 2 GB that you have here.",
]
UNCHECKED = "The file is too large to be checked for viruses."
OF_VERSIONS = ["Name the version of the protocol: Tus-Resumable: 1.0.0."]
UPLOAD = key_in_path("upload", "Of the upload, and of the attachment that it becomes.")


INFECTED = "A virus was found in this file."
NO_SOUND = "A voice message has to be a sound."
NO_VOICE = (
    "A voice message has a duration, 1 to 3,600,000 milliseconds, and a waveform, at most 64 digits"
    " from 0 to v."
)
NO_LENGTH = "The duration is 1 to 86,400,000 milliseconds."
TOO_SLOW = "The upload is too slow: send the rest of it later."


class UploadForm(TypedDict):
    file: Annotated[Binary, Meta(description="With its name.")]
    duration: NotRequired[
        Annotated[
            int,
            Meta(
                ge=1,
                le=MAX_DURATION,
                description="How long a sound or a video plays, in milliseconds. A voice message"
                f" has one, up to {MAX_VOICE}.",
            ),
        ]
    ]
    waveform: NotRequired[Waveform]


def _sent(name: str, description: str, kind: dict[str, Any], *, required: bool = True) -> Any:
    """A header of the request."""
    return OpenApiParameter(
        name, kind, OpenApiParameter.HEADER, description=description, required=required
    )


VERSION = _sent("Tus-Resumable", "The protocol's.", {"type": "string", "enum": [tus.VERSION]})
LENGTH = {"type": "integer", "minimum": 0}
EXPIRES = "When it is removed, unless it is sent or goes on before."

upload = call(
    "upload",
    "Upload a file, to be sent with a message: its `id` goes into `attachments`",
    tag=TAG,
    changes=True,
    bodies={FORM: UploadForm},
    responses={201: ("It is kept for a day, unless it is sent.", AttachmentRecord)},
    refused={
        400: [
            "Choose a file.",
            "The file is empty.",
            "The upload ended before it was complete.",
            "The form has too many parts.",
            INFECTED,
            NO_SOUND,
            NO_VOICE,
            NO_LENGTH,
        ],
        408: [TOO_SLOW],
        411: ["A Content-Length is required."],
        413: [*OF_SIZES, UNCHECKED],
        **OF_STORING,
    },
)

usage = call(
    "getUsage",
    "How much room my attachments take",
    tag=TAG,
    responses={200: ("In bytes.", UsagePayload)},
)

download = call(
    "download",
    "A file of a message that I may see, or of mine that is not sent; parts of it by `Range`",
    tag=TAG,
    parameters=[
        key_in_path("attachment", "Its `id`."),
        in_path("name", str, "As `url` has it."),
        FileQuery,
    ],
    responses={200: ("The file.", Binary), 206: ("The part that was asked for.", Binary)},
    refused={
        400: ["Must be a valid boolean."],
        404: ["Not found."],
        429: ["Too many downloads are running. Please try again in a moment."],
        503: ["Files cannot be opened at the moment. Please try again later."],
    },
    media="*/*",
)

begin_upload = call(
    "beginUpload",
    "Begin a resumable upload, by the tus protocol (https://tus.io), version 1.0.0",
    tag=TAG,
    changes=True,
    parameters=[
        VERSION,
        _sent("Upload-Length", "Bytes of the file.", {"type": "integer", "minimum": 1}),
        _sent(
            "Upload-Metadata",
            "`filename` and `filetype`, of what plays also `duration` in milliseconds, of a voice"
            " message also `waveform`, each with its value in Base64. With `purpose`, `import`, it"
            " may be larger, but too large to be sent.",
            {"type": "string"},
            required=False,
        ),
        header("Location", "Of the upload. Its last part is the key of the attachment.", [201]),
        header("Upload-Expires", EXPIRES, [201]),
    ],
    responses={201: ("Begun.", None)},
    refused={
        400: [
            "The header Upload-Length cannot be read.",
            "The file is empty.",
            NO_VOICE,
            NO_LENGTH,
        ],
        412: OF_VERSIONS,
        413: OF_SIZES,
        **OF_STORING,
    },
)

continue_upload = call(
    "continueUpload",
    "Go on with an upload; HEAD tells where",
    tag=TAG,
    changes=True,
    parameters=[
        UPLOAD,
        VERSION,
        _sent("Upload-Offset", "How much of it is there.", LENGTH),
        _sent(
            "Upload-Checksum",
            "`sha256` or `sha1`, and that of the body in Base64.",
            {"type": "string"},
            required=False,
        ),
        header("Upload-Offset", "How much of it is there now.", [204]),
        header("Upload-Expires", EXPIRES, [204]),
    ],
    bodies={tus.OFFSET_TYPE: Binary},
    responses={204: ("Kept. With the last byte it is an attachment.", None)},
    refused={
        400: ["The header Upload-Offset cannot be read.", INFECTED, NO_SOUND],
        404: [NO_UPLOAD],
        408: [TOO_SLOW],
        409: ["The upload does not go on at this offset."],
        412: OF_VERSIONS,
        413: ["This is more than the upload is to have.", UNCHECKED],
        423: ["This upload is being written to by another request."],
        460: ["The checksum is another one: nothing of this was kept."],
        **OF_STORING,
    },
)

set_poster = call(
    "givePoster",
    "Give a video that is not sent its poster: a frame of it, which becomes its `thumbnail`",
    tag=TAG,
    changes=True,
    parameters=[UPLOAD],
    bodies={JSON: PosterBody, FORM: PosterForm},
    responses={200: ("As it is now.", AttachmentRecord)},
    refused=joined(
        OF_PICTURES,
        {
            400: ["Choose a picture.", "Only a video that has arrived has a poster."],
            404: [NO_UPLOAD],
            503: OF_STORING[503][1:2],
            507: OF_STORING[507],
        },
    ),
)

end_upload = call(
    "endUpload",
    "Remove an upload that is not sent",
    tag=TAG,
    changes=True,
    parameters=[UPLOAD, VERSION],
    responses={204: ("Removed.", None)},
    refused={404: [NO_UPLOAD], 412: OF_VERSIONS},
)
