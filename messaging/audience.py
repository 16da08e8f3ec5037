"""Who receives what. Groups of the channel layer are named here."""

from messaging.models import Conversation


def user_group(user_id: str) -> str:
    return f"user.{user_id}"


def of(conversation: Conversation) -> list[str]:
    """Every socket of everybody in the conversation."""
    return [user_group(user_id) for user_id in conversation.member_ids]
