"""What the wire promises of every answer, as checks."""

import re
from typing import Any

from django.http import HttpResponse

KEY = re.compile(r"[0-9a-f]{24}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

USER = {"_id", "fullName", "email", "profilePic", "createdAt"}
GROUP = {"isGroup", "conversationId", "memberCount", "role", "canPost"}
CHAT = USER | GROUP | {"lastMessage", "unreadCount", "online"}
# What nobody has set is left out there.
SETTINGS = {"pinnedAt", "archived", "mutedUntil", "markedUnread", "draft", "lastSeenAt"}
SETTINGS |= {"readsHidden", "unreadMentions", "blocked", "request", "disappearAfter"}
CHANGED_CHAT = CHAT | {"lastSeq", "lastReadSeq", "lastDeliveredSeq"}
CHANGED_CHAT |= {"peerReadSeq", "peerDeliveredSeq"}
SEED_MESSAGE = {"_id", "senderId", "receiverId", "text", "image", "deleted", "createdAt"}
MESSAGE = SEED_MESSAGE | {
    "updatedAt",
    "seq",
    "clientMessageId",
    "imageWidth",
    "imageHeight",
    "thumbnail",
    "conversationId",
}
# What most messages have nothing of is left out there.
RARE = {"replyTo", "editedAt", "mentions", "forwarded", "system", "reactions", "reacted"} | {
    *("pinnedAt", "attachments", "listened", "expiresAt", "viewOnce", "opened", "preview")
}

NOT_KEYS = ["abc", "0" * 23, "0" * 25, "A" * 24, "g" * 24, "%00", "%FF", "null", "[object Object]"]

NO_TOKEN = "Unauthorized - No token provided"
INVALID_TOKEN = "Unauthorized - Invalid token"


def assert_refused(response: HttpResponse, status: int, message: str | None = None) -> None:
    """JSON with one sentence, and field errors at most."""
    body: Any = response.json()  # type: ignore[attr-defined]  # the test client's
    assert response.status_code == status, body
    assert response.headers["Content-Type"] == "application/json"
    assert set(body) <= {"message", "errors"}
    assert body["message"]
    assert all(isinstance(texts, list) for texts in body.get("errors", {}).values())
    if message is not None:
        assert body["message"] == message


def assert_user(user: dict[str, Any]) -> None:
    assert set(user) == USER
    assert_person(user)


def assert_person(user: dict[str, Any]) -> None:
    assert KEY.fullmatch(user["_id"])
    assert TIME.fullmatch(user["createdAt"])
    assert user["profilePic"].startswith("/media/")


def assert_message(message: dict[str, Any]) -> None:
    assert set(message) - RARE == MESSAGE
    assert all(message[name] for name in (RARE - {"reacted"}) & set(message))
    assert all(KEY.fullmatch(message[name]) for name in ("_id", "senderId", "receiverId"))
    assert all(TIME.fullmatch(message[name]) for name in ("createdAt", "updatedAt"))


def assert_chat(chat: dict[str, Any], fields: set[str] = CHAT) -> None:
    assert set(chat) - SETTINGS == fields
    assert all(chat[name] for name in SETTINGS & set(chat))
    assert_person(chat)
    assert_message(chat["lastMessage"])
