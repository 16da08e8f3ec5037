"""Where the wire shapes of messaging are built, but for the message's own (record.py)."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, cast

from msgspec.structs import astuple

from accounts.models import User
from accounts.record import picture_path, picture_url
from chatsite.errors import DomainError, error_payload
from chatsite.wire import absolute, timestamp
from messaging.models import (
    Conversation,
    Export,
    Import,
    Message,
    Reminder,
    Report,
    ScheduledMessage,
)
from messaging.queries import imports
from messaging.queries.blocks import Blocked
from messaging.queries.chats import Chat
from messaging.queries.exports import expires_at, state_of
from messaging.queries.members import Member
from messaging.queries.reactions import Reactor
from messaging.queries.receipts import Moment, Receipt
from messaging.queries.scheduled import files_of
from messaging.queries.search import SearchResults
from messaging.queries.sync import Changes
from messaging.shapes.attachments import attachment_record
from messaging.shapes.chat_settings import ChatSettings
from messaging.shapes.history_import import decoded_report
from messaging.shapes.mentions import decoded_mentions
from messaging.shapes.payload_types import (
    AccountChangedPayload,
    BlockPayload,
    ChangedChatPayload,
    ChatPayload,
    ChatSettingsPayload,
    DeletedPayload,
    DeliveredPayload,
    ExportPayload,
    ForwardedPayload,
    GroupLeftPayload,
    GroupPayload,
    ImportPayload,
    ListenedPayload,
    MemberPayload,
    NotForwardedPayload,
    NotScheduledPayload,
    PinPayload,
    PresencePayload,
    PrivacyChangedPayload,
    ReactionChangedPayload,
    ReactorPayload,
    ReadPayload,
    ReceiptPayload,
    ReminderPayload,
    ReportPayload,
    ScheduledPayload,
    SearchPayload,
    SentPayload,
    SyncPayload,
    TypingPayload,
)
from messaging.shapes.reactions import Reactions
from messaging.shapes.record import MessageRecord


def chat_payload(chat: Chat, online: bool) -> ChatPayload:
    return ChatPayload(*_chat_fields(chat, online))


def report_payload(report: Report) -> ReportPayload:
    return {
        "_id": report.pk,
        "kind": report.kind,
        "about": report.about,
        "reason": report.reason,
        "createdAt": timestamp(report.created_at),
    }


def export_payload(export: Export) -> ExportPayload:
    return {
        "state": state_of(export),
        "done": export.done,
        "total": export.total,
        "size": export.size if export.ready_at else 0,
        "createdAt": timestamp(export.created_at),
        "expiresAt": timestamp(expires_at(export)) if export.ready_at else None,
    }


def import_payload(row: Import) -> ImportPayload:
    return {
        "state": imports.state_of(row),
        "name": row.name,
        "done": row.done,
        "total": row.total,
        "message": row.error,
        "createdAt": timestamp(row.created_at),
        "report": decoded_report(row.report) if row.report else None,
    }


def changed_chat_payload(chat: Chat, online: bool) -> ChangedChatPayload:
    """A chat as in `sync`: with the marks of both sides."""
    return ChangedChatPayload(
        *_chat_fields(chat, online),
        last_seq=chat.last_seq,
        last_read_seq=chat.last_read_seq,
        last_delivered_seq=chat.last_delivered_seq,
        peer_read_seq=chat.peer_read_seq,
        peer_delivered_seq=chat.peer_delivered_seq,
        hidden=[list(part) for part in chat.hidden],
    )


def _chat_fields(chat: Chat, online: bool) -> tuple[Any, ...]:
    group = (chat.is_group, chat.conversation_id, chat.member_count, chat.role, chat.can_post)
    last = (chat.last_message, chat.unread_count, online)
    return (
        *astuple(chat.peer),
        *last,
        *group,
        *astuple(chat.settings),
        chat.last_seen_at,
        chat.reads_hidden,
        chat.unread_mentions,
        chat.is_saved,
        chat.disappear_after,
    )


def chat_settings_payload(peer: str, settings: ChatSettings) -> ChatSettingsPayload:
    return ChatSettingsPayload(*astuple(settings), peer_id=peer)


def block_payload(blocked: Blocked) -> BlockPayload:
    person, since = absolute(blocked.picture), timestamp(blocked.since)
    return BlockPayload(blocked.id, blocked.full_name, person, since)


def sync_payload(changes: Changes, online: Collection[str]) -> SyncPayload:
    return {
        "messages": changes.messages,
        "chats": [changed_chat_payload(chat, chat.peer.id in online) for chat in changes.chats],
        "cursor": changes.cursor,
        "more": changes.more,
    }


def forwarded_payload(
    sent: Iterable[MessageRecord], refused: Mapping[str, DomainError]
) -> ForwardedPayload:
    refusals = [
        {**error_payload(error), "peerId": peer, "status": error.status}
        for peer, error in refused.items()
    ]
    return {"sent": list(sent), "refused": cast(list[NotForwardedPayload], refusals)}


def deleted_payload(message: Message) -> DeletedPayload:
    return {
        "messageId": message.pk,
        "deleted": True,
        "conversationId": message.conversation_id,
        "senderId": message.sender_id,
        "receiverId": message.receiver_id,
        "seq": message.seq,
    }


def expired_payload(message: Message, at: datetime) -> DeletedPayload:
    return {**deleted_payload(message), "expiresAt": timestamp(at)}


def reaction_payload(
    message: Message, person: str, emoji: str, *, added: bool, reactions: Reactions
) -> ReactionChangedPayload:
    return {
        "messageId": message.pk,
        "conversationId": message.conversation_id,
        "seq": message.seq,
        "personId": person,
        "emoji": emoji,
        "added": added,
        "reactions": reactions,
        "updatedAt": timestamp(message.updated_at),
    }


def listened_payload(message: Message, person: str) -> ListenedPayload:
    return {
        "messageId": message.pk,
        "conversationId": message.conversation_id,
        "seq": message.seq,
        "personId": person,
    }


def pin_payload(message: Message, person: str) -> PinPayload:
    return {
        "messageId": message.pk,
        "conversationId": message.conversation_id,
        "senderId": message.sender_id,
        "receiverId": message.receiver_id,
        "seq": message.seq,
        "personId": person,
        "pinnedAt": timestamp(message.pinned_at) if message.pinned_at else None,
        "updatedAt": timestamp(message.updated_at),
    }


def reactor_payload(reactor: Reactor) -> ReactorPayload:
    return {
        "emoji": reactor.emoji,
        "personId": reactor.id,
        "fullName": reactor.full_name,
        "profilePic": absolute(reactor.picture),
    }


def read_payload(conversation: str, reader_id: str, peer_id: str, seq: int) -> ReadPayload:
    return {
        "conversationId": conversation,
        "readerId": reader_id,
        "peerId": peer_id,
        "seq": seq,
    }


def delivered_payload(
    conversation: str, person_id: str, peer_id: str, seq: int
) -> DeliveredPayload:
    return {
        "conversationId": conversation,
        "personId": person_id,
        "peerId": peer_id,
        "seq": seq,
    }


def typing_payload(sender_id: str, receiver_id: str) -> TypingPayload:
    return {"senderId": sender_id, "receiverId": receiver_id}


def sent_payload(message: MessageRecord) -> SentPayload:
    """Of a message that was sent with a client message id."""
    return {"clientMessageId": message.client_message_id or "", "message": message}


def presence_payload(came: Iterable[str], went: Iterable[str]) -> PresencePayload:
    return {"online": sorted(came), "offline": sorted(went)}


def group_payload(group: Conversation, role: str) -> GroupPayload:
    """For a member with that role."""
    return {
        "_id": group.pk,
        "isGroup": True,
        "fullName": group.title,
        "description": group.description,
        "profilePic": absolute(picture_path(group.pk, group.title, group.picture)),
        "posting": group.posting,
        "showsHistory": group.shows_history,
        "slowSeconds": group.slow_seconds,
        "memberCount": group.member_count,
        "role": role,
        "createdAt": timestamp(group.created_at),
    }


def member_payload(member: Member, online: Collection[str]) -> MemberPayload:
    person, role, joined_at = member
    fields = (*astuple(person), role, timestamp(joined_at), person.id in online)
    return MemberPayload(*fields)


def receipt_payload(receipt: Receipt) -> ReceiptPayload:
    firsts = (each and timestamp(each) for each in (receipt.listened, receipt.opened))
    times = (*_when(receipt.read), *_when(receipt.delivered), *firsts)
    fields = (*astuple(receipt.person), receipt.state, *times)
    return ReceiptPayload(*fields)


def _when(moment: Moment | None) -> tuple[str | None, str | None]:
    """Exactly, or at the latest."""
    if moment is None:
        return None, None
    at = timestamp(moment.at)
    return (at, None) if moment.is_exact else (None, at)


def privacy_payload(person: str) -> PrivacyChangedPayload:
    return {"personId": person}


def account_payload(user: User) -> AccountChangedPayload:
    return {
        "fullName": user.full_name,
        "profilePic": picture_url(user),
        "username": user.username,
        "language": user.language,
    }


def search_payload(found: SearchResults) -> SearchPayload:
    return {
        "messages": found.messages,
        "people": found.people,
        "groups": found.groups,
        "files": found.files,
        "isBuilding": found.is_building,
    }


def left_payload(group: str, *, removed: bool) -> GroupLeftPayload:
    return {"groupId": group, "removed": removed}


def scheduled_payload(row: ScheduledMessage) -> ScheduledPayload:
    return ScheduledPayload(
        row.pk,
        row.peer,
        row.text,
        timestamp(row.send_at) if row.send_at else None,
        timestamp(row.created_at),
        row.reply_to or None,
        decoded_mentions(row.mentions) or [] if row.mentions else [],
        row.error,
        row.message or None,
        [attachment_record(each) for each in files_of(row)] or None,
        row.view_once,
    )


def not_scheduled_payload(row: ScheduledMessage, message: str) -> NotScheduledPayload:
    return {"scheduledId": row.pk, "peerId": row.peer, "messageId": message or None}


def reminder_payload(reminder: Reminder, peer: str, message: MessageRecord) -> ReminderPayload:
    due = reminder.told_at is not None
    return ReminderPayload(message.id, peer, timestamp(reminder.remind_at), due, message)
