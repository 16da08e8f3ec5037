from messaging.models.attachment import (
    WAVEFORM_LENGTH,
    Attachment,
    AttachmentKind,
    AttachmentState,
)
from messaging.models.block import Block
from messaging.models.conversation import (
    FIRST_GROUP,
    LIVE_MARKS,
    PINNED_MESSAGES,
    PINS,
    Conversation,
    Group,
    Kind,
    Membership,
    Posting,
    Role,
    conversation_key,
    direct_key,
    is_group,
    new_group_key,
    peer_in,
    saved_key,
)
from messaging.models.export import Export
from messaging.models.history_import import Import
from messaging.models.listening import Listening
from messaging.models.message import Message, MessageKind, blank_row
from messaging.models.message_edit import MessageEdit
from messaging.models.opening import Opening
from messaging.models.push_notice import PushNotice
from messaging.models.reaction import Reaction
from messaging.models.reminder import Reminder
from messaging.models.report import REASONS, Decision, Reason, Report, ReportKind
from messaging.models.scheduled import ScheduledMessage
from messaging.models.search import BLOCK, SearchBlock, SearchBuild

__all__ = [
    "BLOCK",
    "FIRST_GROUP",
    "LIVE_MARKS",
    "PINNED_MESSAGES",
    "PINS",
    "REASONS",
    "WAVEFORM_LENGTH",
    "Attachment",
    "AttachmentKind",
    "AttachmentState",
    "Block",
    "Conversation",
    "Decision",
    "Export",
    "Group",
    "Import",
    "Kind",
    "Listening",
    "Membership",
    "Message",
    "MessageEdit",
    "MessageKind",
    "Opening",
    "Posting",
    "PushNotice",
    "Reaction",
    "Reason",
    "Reminder",
    "Report",
    "ReportKind",
    "Role",
    "ScheduledMessage",
    "SearchBlock",
    "SearchBuild",
    "blank_row",
    "conversation_key",
    "direct_key",
    "is_group",
    "new_group_key",
    "peer_in",
    "saved_key",
]
