"""Responses of the calls about one's own account, beside the person."""

from typing import Annotated

import msgspec
from msgspec import Meta

from accounts.bodies import Username
from accounts.canonical import readable_email
from accounts.links import chat_link, invitation_link
from accounts.models import Invitation, User
from accounts.services.admission import MAX_USES
from chatsite.wire import Key, Timestamp, timestamp

Link = Annotated[
    str, Meta(examples=["https://chat.example.org/u/ada"], extra_json_schema={"format": "uri"})
]


class InvitationPayload(msgspec.Struct, rename="camel"):
    """One that still works."""

    id: Key = msgspec.field(name="_id")
    link: Link
    email: Annotated[
        str, Meta(description="For whom alone it works; empty where anybody may use it.")
    ]
    uses: Annotated[int, Meta(ge=1, le=MAX_USES, description="Accounts that it makes.")]
    used: Annotated[int, Meta(ge=0, description="Those of them that were made.")]
    created_at: Timestamp
    expires_at: Timestamp


class UsernamePayload(msgspec.Struct, rename="camel"):
    username: Username
    link: Annotated[Link, Meta(description="Leads others to a chat with me.")]


def invitation_payload(row: Invitation, site: str) -> InvitationPayload:
    return InvitationPayload(
        id=row.pk,
        link=invitation_link(site, row.code),
        email=readable_email(row.email),
        uses=row.uses,
        used=row.used,
        created_at=timestamp(row.created_at),
        expires_at=timestamp(row.expires_at),
    )


def username_payload(user: User, site: str) -> UsernamePayload:
    return UsernamePayload(user.username, chat_link(site, user))
