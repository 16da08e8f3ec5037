"""Every live event with its payload, both ways; and why the server closes a socket."""

from dataclasses import dataclass
from typing import Any

from chatsite.wire import Key
from messaging import bodies, events
from messaging.models import LIVE_MARKS
from messaging.realtime.close_codes import (
    MESSAGE_TOO_BIG,
    MISSED_EVENTS,
    SERVICE_RESTART,
    SESSION_ENDED,
    TOO_MANY_FRAMES,
)
from messaging.realtime.receive_budget import MAX_FRAME_BYTES
from messaging.shapes import payload_types
from messaging.shapes.record import MessageRecord


@dataclass(frozen=True, slots=True)
class Event:
    name: str
    payload: Any
    summary: str
    responses: tuple[str, ...] = ()  # events from the server


FROM_SERVER = [
    Event(
        events.GET_ONLINE_USERS,
        list[Key],
        "Everyone who is online: on connecting, then whenever someone comes or goes"
        " (bursts merged, at most 4 a second).",
    ),
    Event(
        events.PRESENCE_CHANGED,
        payload_types.PresencePayload,
        "In place of the repeated list, for sockets that connect with `?presence=delta`.",
    ),
    Event(
        events.NEW_MESSAGE,
        MessageRecord,
        "To every socket of the receiver, or of the members of a group, and the sender's others.",
    ),
    Event(
        events.MESSAGE_EDITED,
        MessageRecord,
        "Its sender edited it, or the preview of its link has come or gone. To every socket of"
        " everybody who may see it.",
    ),
    Event(
        events.MESSAGE_DELETED,
        payload_types.DeletedPayload,
        "To every socket of everybody who may see the message; also when it disappears by itself.",
    ),
    Event(
        events.MESSAGE_RESTORED,
        MessageRecord,
        "A moderator restored it, or who had deleted it has undone that. To every socket of"
        " everybody who may see it; where it was deleted for one person alone, to theirs.",
    ),
    Event(
        events.REACTION_CHANGED,
        payload_types.ReactionChangedPayload,
        "To every socket of everybody who may see the message: its reactions as they are now, and"
        " who changed them.",
    ),
    Event(
        events.MESSAGE_LISTENED,
        payload_types.ListenedPayload,
        "To every socket of who has listened to a voice message for the first time, and of its"
        " sender, if they see what the other reads.",
    ),
    Event(
        events.MESSAGE_OPENED,
        payload_types.OpenedPayload,
        "To every socket of who has opened what is seen once, and of its sender, if they see what"
        " the other reads.",
    ),
    Event(
        events.MESSAGE_PINNED,
        payload_types.PinPayload,
        "To every socket of everybody who may see the message.",
    ),
    Event(
        events.MESSAGE_UNPINNED,
        payload_types.PinPayload,
        "To the same. Deleting a message takes its pin away, too, without this event.",
    ),
    Event(
        events.MESSAGES_READ,
        payload_types.ReadPayload,
        "To every socket of both people, or of the members of a group. In a group of more than"
        f" {LIVE_MARKS}, and of who has left one, to the reader's own.",
    ),
    Event(
        events.MESSAGES_DELIVERED,
        payload_types.DeliveredPayload,
        "A device of `personId` has the messages up to `seq`, read or not. Told to whom"
        " `messagesRead` is told.",
    ),
    Event(
        events.CHAT_CHANGED,
        payload_types.ChatSettingsPayload,
        "To every socket of who has pinned, archived, muted or marked a chat, has begun to write"
        " there, or has blocked the other, and to nobody else.",
    ),
    Event(
        events.HISTORY_CHANGED,
        payload_types.ChangedChatPayload,
        "To every socket of who has deleted messages, or a chat, for themselves or has undone it,"
        " and to nobody else: the chat as `sync` tells it. `hidden` says what they see no more.",
    ),
    Event(
        events.PRIVACY_CHANGED,
        payload_types.PrivacyChangedPayload,
        "To every socket of who has changed what others see of them, and of those in direct chats"
        " with them who see more or less by it: ask `sync`.",
    ),
    Event(
        events.ACCOUNT_CHANGED,
        payload_types.AccountChangedPayload,
        "To every socket of who has changed their name, picture, username or language, or how they"
        " are notified, and to nobody else.",
    ),
    Event(
        events.GROUP_CHANGED,
        payload_types.GroupPayload,
        "To every socket of everybody in the group, each with their own `role`: when it is made,"
        " and after each change of it or of its members.",
    ),
    Event(
        events.GROUP_LEFT,
        payload_types.GroupLeftPayload,
        "To every socket of somebody who has left the group or was removed.",
    ),
    Event(
        events.SCHEDULED_CHANGED,
        payload_types.ScheduledPayload,
        "To every socket of who has scheduled a message, changed when or what it says, or whose"
        " message was refused at its time (`error`) or sent late (`messageId`).",
    ),
    Event(
        events.SCHEDULED_REMOVED,
        payload_types.NotScheduledPayload,
        "To the same: it was sent, or they have cancelled it.",
    ),
    Event(
        events.REMINDER_CHANGED,
        payload_types.ReminderPayload,
        "To every socket of who has set a reminder, or changed its time.",
    ),
    Event(
        events.REMINDER_DUE,
        payload_types.ReminderPayload,
        "To every socket of who wanted to be reminded of a message now.",
    ),
    Event(
        events.REMINDER_REMOVED,
        payload_types.NoReminderPayload,
        "To every socket of who has done with a reminder, or cannot see its message any more.",
    ),
    Event(
        events.TYPING,
        payload_types.TypingPayload,
        "To the receiver, or the other members of a group, whose page forgets it after 5 seconds.",
    ),
    Event(
        events.STOPPED_TYPING,
        payload_types.TypingPayload,
        "As `typing`, when somebody's client says so; most say nothing.",
    ),
    Event(events.MESSAGE_SENT, payload_types.SentPayload, "The answer to `sendMessage`."),
    Event(
        events.MESSAGES_FORWARDED,
        payload_types.MessagesForwardedPayload,
        "The answer to `forwardMessages`. Each copy is a `newMessage`, too, as after the call.",
    ),
    Event(events.PONG, payload_types.PongPayload, "The answer to `ping`."),
    Event(
        events.ERROR,
        payload_types.RefusalPayload,
        "The answer to a frame that is wrong. The socket stays open, unless it floods.",
    ),
]

FROM_CLIENT = [
    Event(
        "sendMessage",
        bodies.SendCommand,
        "Send a text, a picture, or both: the same service, checks and limits as the call."
        f" A frame has at most {MAX_FRAME_BYTES:,} bytes, so larger pictures go by the call.",
        (events.MESSAGE_SENT, events.ERROR),
    ),
    Event("typing", bodies.TypingCommand, "Tell somebody that I am typing.", (events.ERROR,)),
    Event(
        "stopTyping",
        bodies.TypingCommand,
        "Tell somebody that I have stopped typing.",
        (events.ERROR,),
    ),
    Event(
        "editMessage",
        bodies.EditCommand,
        "Change the text of a message of mine: the same service and limits as the call. What says"
        " so already has no answer.",
        (events.MESSAGE_EDITED, events.ERROR),
    ),
    Event(
        "deleteMessage",
        bodies.DeleteCommand,
        "Delete a message of mine for everybody, or any message for me: the same service as the"
        " call.",
        (events.MESSAGE_DELETED, events.HISTORY_CHANGED, events.ERROR),
    ),
    Event(
        "forwardMessages",
        bodies.ForwardBody,
        "Send copies of messages to several chats: the same service and limits as the call.",
        (events.MESSAGES_FORWARDED, events.ERROR),
    ),
    Event(
        "react",
        bodies.ReactCommand,
        "React to a message, or take my reaction back: the same service as the calls. What is so"
        " already has no answer.",
        (events.REACTION_CHANGED, events.ERROR),
    ),
    Event(
        "pinMessage",
        bodies.PinCommand,
        "Pin a message in its conversation: the same service as the call. What is so already has no"
        " answer.",
        (events.MESSAGE_PINNED, events.ERROR),
    ),
    Event(
        "unpinMessage",
        bodies.PinCommand,
        "Take a pin away, in the same way.",
        (events.MESSAGE_UNPINNED, events.ERROR),
    ),
    Event("markRead", bodies.ReadCommand, "Move my read mark up.", (events.ERROR,)),
    Event(
        "markDelivered",
        bodies.ReadCommand,
        "Say up to which message this device has them; needless for what is read.",
        (events.ERROR,),
    ),
    Event(
        "active",
        bodies.PingCommand,
        "Somebody has this client before their eyes: their other devices need no push messages.",
        (events.ERROR,),
    ),
    Event("inactive", bodies.PingCommand, "Not any more, as at first.", (events.ERROR,)),
    Event(
        "ping", bodies.PingCommand, "Check that the socket is alive.", (events.PONG, events.ERROR)
    ),
]

CLOSE_CODES = {
    SESSION_ENDED: "The session ended: do not reconnect.",
    MISSED_EVENTS: "Something was missed, or the token has been replaced: reconnect and `sync`.",
    TOO_MANY_FRAMES: "Too many frames.",
    MESSAGE_TOO_BIG: "A frame is too large, or too many large ones are under way at once.",
    SERVICE_RESTART: "The site restarts: reconnect.",
}
