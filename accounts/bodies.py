"""What clients send, as the documents describe it. The serializers and the services check it."""

from typing import Annotated, NotRequired, TypedDict

from msgspec import Meta

from accounts.canonical import EMAIL_LENGTH
from accounts.models import ENDPOINT_LENGTH, NAME_LENGTH
from accounts.notifications import Clock, DigestHours, Shown, Zone
from accounts.services.admission import MAX_DAYS, MAX_USES
from accounts.services.rules import PASSWORD_MAX, PASSWORD_MIN, RAW_NAME_LENGTH
from chatsite.wire import DataUri, PictureFile

# White space around and between words does not count towards the limits of what is kept.
Name = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=RAW_NAME_LENGTH,
        description=f"At most {NAME_LENGTH} characters once white space is made single.",
        examples=["Ada Lovelace"],
    ),
]
Email = Annotated[
    str,
    Meta(
        max_length=EMAIL_LENGTH, examples=["ada@example.org"], extra_json_schema={"format": "email"}
    ),
]
Password = Annotated[
    str, Meta(min_length=PASSWORD_MIN, max_length=PASSWORD_MAX, examples=["correct horse"])
]

Username = Annotated[
    str,
    Meta(
        pattern=r"^([a-z][a-z0-9_]{2,31})?$",
        description="By which others find me; empty for none.",
        examples=["ada"],
    ),
]


class SignUpBody(TypedDict):
    fullName: Name
    email: Email
    password: Password
    invitation: NotRequired[
        Annotated[str, Meta(description="Of the link, where the site asks for one.")]
    ]


class LogInBody(TypedDict):
    email: Annotated[str, Meta(examples=["ada@example.org"])]
    password: Annotated[str, Meta(examples=["correct horse"])]


class AccountDeletionBody(TypedDict):
    password: Annotated[str, Meta(examples=["what I log in with"])]
    messages: NotRequired[
        Annotated[
            str,
            Meta(
                description="Whether what I wrote stays, as of a deleted account, or is deleted for"
                " everybody.",
                extra_json_schema={"enum": ["keep", "remove"], "default": "keep"},
            ),
        ]
    ]


class ProfileBody(TypedDict):
    """At least one of the two."""

    profilePic: NotRequired[DataUri | None]
    fullName: NotRequired[Name | None]


class ProfileForm(TypedDict):
    """At least one of the two."""

    profilePic: NotRequired[PictureFile]
    fullName: NotRequired[Name]


class InvitationBody(TypedDict):
    """A link for so many accounts, or one that is mailed to an address and works for it alone."""

    email: NotRequired[Email | None]
    uses: NotRequired[Annotated[int, Meta(ge=1, le=MAX_USES, description="1 unless given.")]]
    days: NotRequired[
        Annotated[int, Meta(ge=1, le=MAX_DAYS, description="Until it ends; 7 unless given.")]
    ]


class UsernameBody(TypedDict):
    username: Username


class NotificationsBody(TypedDict):
    """What is absent, or null, stays as it is."""

    previews: NotRequired[Shown | None]
    quietFrom: NotRequired[Clock | None]
    quietUntil: NotRequired[Clock | None]
    zone: NotRequired[Zone | None]
    digestHours: NotRequired[DigestHours | None]


class SubscriptionBody(TypedDict):
    """As the browser's `PushSubscription` gives them."""

    endpoint: Annotated[
        str,
        Meta(
            max_length=ENDPOINT_LENGTH,
            description="A public https address.",
            examples=["https://push.example.org/for/this/browser"],
        ),
    ]
    p256dh: Annotated[
        str,
        Meta(
            max_length=100,
            description="A point of P-256, in base64url.",
            examples=[
                (
                    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORc"  # pragma: allowlist secret
                    "xaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"  # pragma: allowlist secret
                )
            ],
        ),
    ]
    auth: Annotated[
        str,
        Meta(
            max_length=40,
            description="16 bytes, in base64url.",
            examples=["BTBZMqHH6r4Tts7J_aSIgg"],
        ),
    ]
