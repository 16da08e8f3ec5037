"""Who receives what. Groups of the channel layer are named here."""

from messaging.models import Conversation


def user_group(user_id: str) -> str:
    return f"user.{user_id}"


def of(conversation: Conversation) -> list[str]:
    """Every socket of everybody in the conversation."""
    return between(*conversation.member_ids)


def between(one: str, other: str) -> list[str]:
    """The same, by the two people."""
    return [user_group(one), user_group(other)]
