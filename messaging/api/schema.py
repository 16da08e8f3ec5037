"""The calls about messages, as the document of the API describes them."""

from collections.abc import Callable

from accounts.record import PersonRecord
from chatsite.schema.calls import FORM, JSON, View, call, header, key_in_path
from chatsite.schema.refusals import OF_PICTURES, joined
from messaging.bodies import ReadAllBody, ReadBody, SendBody, SendForm
from messaging.record import MessageRecord
from messaging.serializers import ContactsQuery, HistoryQuery, SyncQuery
from messaging.shapes import (
    ChatPayload,
    MarkPayload,
    RemovedPayload,
    SyncPayload,
)

TAG = "Messages"
PEER = key_in_path("peer", "The other person's `_id`.")

contacts = call(
    "listContacts",
    "Everyone but me, by name",
    tag=TAG,
    parameters=[
        ContactsQuery,
        header("Link", '`<…>; rel="next"`, where there are more.', [200], always=False),
    ],
    answers={200: ("All of them, unless `limit` says otherwise.", list[PersonRecord])},
    refused={400: ["Ensure this value is greater than or equal to 1."]},
)

chats = call(
    "listChats",
    "The people I have messages with, latest first",
    tag=TAG,
    answers={200: ("One entry for each person.", list[ChatPayload])},
)

history = call(
    "listMessages",
    "The messages with one person, oldest first, without deleted ones",
    tag=TAG,
    parameters=[
        PEER,
        HistoryQuery,
        header("Link", '`<…>; rel="prev"`, where there are older ones.', [200], always=False),
    ],
    answers={200: ("The newest page, or the one before `before`.", list[MessageRecord])},
    refused={
        400: ["Ensure this value is less than or equal to 1000."],
        404: ["No such person."],
    },
)

delete = call(
    "deleteMessage",
    "Delete one of my messages, for both of us",
    tag=TAG,
    changes=True,
    parameters=[key_in_path("peer", "The `_id` of the message, not of a person.")],
    answers={200: ("The same answer again for one that was deleted before.", RemovedPayload)},
    refused={403: ["You can only delete your own messages."], 404: ["Message not found."]},
)

send = call(
    "sendMessage",
    "Send a text, a picture, or both",
    tag=TAG,
    changes=True,
    parameters=[PEER],
    bodies={JSON: SendBody, FORM: SendForm},
    answers={
        201: ("Sent.", MessageRecord),
        200: ("The first message with this `clientMessageId`: nothing is sent.", MessageRecord),
    },
    refused=joined(
        {
            400: [
                "Text or image is required.",
                "Cannot send messages to yourself.",
                "The text is too long: at most 10,000 characters.",
                "The text has characters that cannot be stored.",
                "The client message id must be 1 to 64 of the characters A-Z, a-z, 0-9, _ and -.",
                "The message that this one answers is not there.",
            ],
            403: ["You are no longer in this group.", "Only admins may write in this group."],
            404: ["Receiver not found."],
            409: ["This client message id was used for another receiver."],
        },
        OF_PICTURES,
    ),
)


def _marking(
    operation: str, summary: str, body: type, mark: str, wrong: list[str]
) -> Callable[[View], View]:
    return call(
        operation,
        summary,
        tag=TAG,
        changes=True,
        parameters=[PEER],
        bodies={JSON: body},
        answers={200: (mark, MarkPayload)},
        refused={400: [*wrong, "A valid integer is required."], 404: ["No such person."]},
    )


mark_read = _marking(
    "markRead",
    "Move my read mark up",
    ReadBody,
    "The mark: at most the last message, never lower than before.",
    ["This field is required."],
)

mark_all_read = _marking(
    "markAllRead",
    "Move my read mark up to the last message",
    ReadAllBody,
    "The mark: the last message, or `seq` where one is given.",
    [],
)

sync = call(
    "sync",
    "Everything that changed for me since a cursor, including tombstones",
    tag=TAG,
    parameters=[SyncQuery],
    answers={200: ("At most 500 messages. Without `since`, a cursor to start from.", SyncPayload)},
    refused={400: ["This cursor is not valid."]},
)
