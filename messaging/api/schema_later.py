"""The calls about what happens later, as the document of the API describes them."""

from accounts.api.schema import FILTERED, SILENCED
from chatsite.schema.calls import JSON, call, key_in_path
from messaging.api.schema import (
    BUSY,
    EMPTY_MESSAGE,
    MAY_NOT_WRITE,
    MESSAGE,
    NO_GROUP,
    NO_LONGER_MEMBER,
    OF_ATTACHMENTS,
    OF_CAPTIONS,
    OF_MENTIONS,
    OF_TEXTS,
    PEER,
    TAG,
)
from messaging.bodies import ReminderBody, RescheduleBody, ScheduleBody
from messaging.shapes.payload_types import ReminderPayload, RemovedPayload, ScheduledPayload
from messaging.shapes.record import MessageRecord

SCHEDULED = key_in_path("scheduled", "The scheduled message's `_id`.")
NO_SCHEDULED = "No such scheduled message."
WAS_SENT = "This message was sent already."
JUST_NOW = "It was changed or sent just now."
UNKNOWN_REPLY = "The message that this one answers is not there."
UNSEEN = "You do not see when this person is online."
OF_MOMENTS = ["Choose a time that is not past.", "Choose a time within a year."]
OF_WHEN = [
    *OF_MOMENTS,
    "Say when to send it: at a time, or when they come online.",
    "Only in a chat of two can a message wait until the other comes online.",
]

schedule = call(
    "scheduleMessage",
    "Send a text or attachments later: at a time, or when the other person comes online",
    tag=TAG,
    changes=True,
    parameters=[PEER],
    bodies={JSON: ScheduleBody},
    responses={
        201: (
            "Whether I may write is asked again at its time. If not, it stays, with the reason.",
            ScheduledPayload,
        ),
        200: ("The first one with this `clientMessageId`.", ScheduledPayload),
    },
    refused={
        400: [
            EMPTY_MESSAGE,
            "Cannot send messages to yourself.",
            *OF_TEXTS,
            *OF_WHEN,
            "You can schedule up to 100 messages.",
            "The client message id must be 1 to 64 of the characters A-Z, a-z, 0-9, _ and -.",
            UNKNOWN_REPLY,
            *OF_MENTIONS,
            *OF_ATTACHMENTS,
            *OF_CAPTIONS,
        ],
        403: [
            NO_LONGER_MEMBER,
            SILENCED,
            "You have blocked this person. Unblock them to write to them.",
            UNSEEN,
        ],
        404: ["Receiver not found.", NO_GROUP],
        409: [WAS_SENT],
    },
)

scheduled = call(
    "listScheduled",
    "My messages that are sent later, the next one first",
    tag=TAG,
    responses={
        200: (
            "At most 100. Also those that were refused, and those that were sent late.",
            list[ScheduledPayload],
        )
    },
)

reschedule = call(
    "reschedule",
    "Change a message that is not sent yet, or when it is sent",
    tag=TAG,
    changes=True,
    parameters=[SCHEDULED],
    bodies={JSON: RescheduleBody},
    responses={
        200: ("As it is now. One that was refused waits again with a new time.", ScheduledPayload)
    },
    refused={
        400: [EMPTY_MESSAGE, *OF_TEXTS, *OF_WHEN, *OF_MENTIONS, *OF_ATTACHMENTS[-1:]],
        403: [UNSEEN],
        404: [NO_SCHEDULED],
        409: [WAS_SENT],
    },
)

cancel = call(
    "cancelScheduled",
    "Do not send a message that waits; or forget one that was refused or sent late",
    tag=TAG,
    changes=True,
    parameters=[SCHEDULED],
    responses={200: ("It is gone.", RemovedPayload)},
    refused={404: [NO_SCHEDULED]},
)

send_now = call(
    "sendScheduled",
    "Send a message now that was to be sent later",
    tag=TAG,
    changes=True,
    parameters=[SCHEDULED],
    responses={200: ("The message. Where it is refused, it goes on waiting.", MessageRecord)},
    refused={
        400: [FILTERED, UNKNOWN_REPLY],
        403: MAY_NOT_WRITE,
        404: [NO_SCHEDULED, "Receiver not found."],
        409: [WAS_SENT, JUST_NOW],
        503: [BUSY],
    },
)

reminders = call(
    "listReminders",
    "What I want to be reminded of, the next one first",
    tag=TAG,
    responses={
        200: (
            "Of messages that I see, at most 100; those that are due first.",
            list[ReminderPayload],
        )
    },
)

remind = call(
    "setReminder",
    "Remind me of a message, or change when",
    tag=TAG,
    changes=True,
    parameters=[MESSAGE],
    bodies={JSON: ReminderBody},
    responses={200: ("As it is now. Nobody else learns of it.", ReminderPayload)},
    refused={
        400: [*OF_MOMENTS, "You can have up to 100 reminders.", "This field is required."],
        404: ["Message not found."],
        409: ["This message was deleted."],
    },
)

forget = call(
    "cancelReminder",
    "Remind me no more of a message, or have done with a reminder that is due",
    tag=TAG,
    changes=True,
    parameters=[MESSAGE],
    responses={200: ("So, too, where there was none.", RemovedPayload)},
    refused={404: ["Message not found."]},
)
