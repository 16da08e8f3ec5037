"""Live events of accounts: sessions that ended, whose sockets every worker closes."""

from chatsite.db import on_commit
from chatsite.live.broadcast import broadcast

SESSION_ENDED = 4401  # the close code: do not reconnect


def session_group(session_id: str) -> str:
    return f"session.{session_id}"


def sessions_ended(session_ids: list[str]) -> None:
    groups = [session_group(session_id) for session_id in session_ids]
    message = {"type": "end", "code": SESSION_ENDED}
    on_commit(lambda: broadcast(groups, message))
