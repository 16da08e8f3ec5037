"""Who receives what. Groups of the channel layer are named here."""

from collections.abc import Iterable


def user_group(user_id: str) -> str:
    return f"user.{user_id}"


def of(members: Iterable[str]) -> list[str]:
    """Every socket of everybody in a conversation."""
    return [user_group(user_id) for user_id in members]
