"""A person as the wire shows them; nothing secret."""

from typing import TypedDict

from accounts.models import User
from chatsite import avatars
from chatsite.wire import absolute, timestamp


class UserPayload(TypedDict):
    _id: str
    fullName: str
    email: str
    profilePic: str
    createdAt: str


def user_payload(user: User) -> UserPayload:
    return {
        "_id": user.pk,
        "fullName": user.full_name,
        "email": user.email,
        "profilePic": picture_url(user),
        "createdAt": timestamp(user.created_at),
    }


def picture_url(user: User) -> str:
    """Never empty: the initials stand in until a picture is uploaded."""
    if user.picture:
        return absolute(f"/media/profiles/{user.picture}")
    return absolute(avatars.path_of(user.pk, user.full_name))
