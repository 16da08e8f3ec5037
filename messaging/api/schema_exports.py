"""The calls about what is one's own, as the document of the API describes them."""

from typing import Annotated

from msgspec import Meta

from chatsite.schema.calls import JSON, call
from messaging.bodies import ImportBody
from messaging.shapes.payload_types import ExportPayload, ImportPayload

TAG = "Accounts"
NO_EXPORT = "There is no export, or it has expired."
Binary = Annotated[str, Meta(extra_json_schema={"format": "binary"})]

export = call(
    "getExport",
    "The export of everything of my own, and how far it is",
    tag=TAG,
    responses={200: ("As it is now.", ExportPayload)},
    refused={404: [NO_EXPORT]},
)

begin = call(
    "beginExport",
    "Have everything of my own exported, in place of the last export",
    tag=TAG,
    changes=True,
    responses={202: ("It is being made: ask for it until it is ready.", ExportPayload)},
    refused={
        503: ["Files cannot be stored at the moment. Please try again later."],
        507: ["There is no room for more files here."],
    },
)

remove = call(
    "removeExport",
    "Remove my export, also one that is being made",
    tag=TAG,
    changes=True,
    responses={204: ("It is gone.", None)},
)

download = call(
    "downloadExport",
    "My export, a ZIP; parts of it by `Range`",
    tag=TAG,
    responses={200: ("The file.", Binary), 206: ("The part that was asked for.", Binary)},
    refused={
        404: [NO_EXPORT],
        429: ["Too many downloads are running. Please try again in a moment."],
        503: ["Files cannot be opened at the moment. Please try again later."],
    },
    media="*/*",
)

NO_IMPORT = "There is no import."

history_import = call(
    "getImport",
    "My last import, how far it is, and what came by it",
    tag=TAG,
    responses={200: ("As it is now.", ImportPayload)},
    refused={404: [NO_IMPORT]},
)

begin_import = call(
    "importHistory",
    "Import a history from elsewhere: an export of a site like this, of WhatsApp, or of Telegram",
    tag=TAG,
    changes=True,
    bodies={JSON: ImportBody},
    responses={202: ("It is being read: ask for it until it is ready.", ImportPayload)},
    refused={
        400: ["This field is required.", "There is no such time zone."],
        404: ["There is no such upload, or it has expired."],
        409: ["Another import is at work. Wait for it, or cancel it."],
    },
)

remove_import = call(
    "removeImport",
    "Forget my import, also one that is being read; what has come by it stays",
    tag=TAG,
    changes=True,
    responses={204: ("It is gone.", None)},
)
