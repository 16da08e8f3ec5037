from messaging.models.conversation import (
    FIRST_GROUP,
    LIVE_MARKS,
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
)
from messaging.models.message import Message, MessageKind

__all__ = [
    "FIRST_GROUP",
    "LIVE_MARKS",
    "Conversation",
    "Group",
    "Kind",
    "Membership",
    "Message",
    "MessageKind",
    "Posting",
    "Role",
    "conversation_key",
    "direct_key",
    "is_group",
    "new_group_key",
    "peer_in",
]
