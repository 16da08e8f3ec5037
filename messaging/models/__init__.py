from messaging.models.conversation import Conversation, Membership, direct_key, peer_in
from messaging.models.message import Message

__all__ = ["Conversation", "Membership", "Message", "direct_key", "peer_in"]
