"""The calls about accounts, as the document of the API describes them."""

from typing import TypedDict

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from accounts.bodies import (
    AccountDeletionBody,
    InvitationBody,
    LogInBody,
    NotificationsBody,
    ProfileBody,
    ProfileForm,
    SignUpBody,
    SubscriptionBody,
    UsernameBody,
)
from accounts.notifications import NotificationsPayload
from accounts.payloads import InvitationPayload, UsernamePayload
from accounts.record import PersonRecord
from chatsite.schema.calls import FORM, JSON, call, header, key_in_path
from chatsite.schema.refusals import OF_PICTURES, joined
from chatsite.security.credentials import COOKIE
from chatsite.wire import NoticePayload, Timestamp

TAG = "Accounts"
NO_CRAWLERS = (
    "Crawlers are not allowed here. If this is your own program, give it another User-Agent."
)
SILENCED = "Moderators have silenced you until 2030-01-31 12:00 UTC. You can read meanwhile."
FILTERED = "This has words or links that are not allowed here."
BUSY = "The site is busy at the moment. Please try again."
SET_COOKIE = "`jwt`, by https `__Host-jwt`: HttpOnly, SameSite=Strict, Secure by https."

sign_up = call(
    "signUp",
    "Create an account and sign in",
    tag=TAG,
    public=True,
    changes=True,
    bodies={JSON: SignUpBody},
    responses={
        201: ("The new account. Its welcome mail does not hold up the answer.", PersonRecord)
    },
    refused={
        400: [
            "All fields are required",
            "Password must be at least 6 characters",
            "Password must be at most 1000 characters",
            "Invalid email format",
            "The name may have at most 100 characters.",
            FILTERED,
            "Email already exists",
        ],
        403: [
            "An account here takes an invitation.",
            "This site takes no new accounts.",
            NO_CRAWLERS,
        ],
        410: ["This link no longer works."],
        503: [BUSY],
    },
    parameters=[header("Set-Cookie", SET_COOKIE, [201])],
)

log_in = call(
    "logIn",
    "Start a session",
    tag=TAG,
    public=True,
    changes=True,
    bodies={JSON: LogInBody},
    responses={200: ("Whose session it is.", PersonRecord)},
    refused={
        400: ["Invalid credentials"],
        403: ["This account is suspended: spam", NO_CRAWLERS],
        503: [BUSY],
    },
    parameters=[header("Set-Cookie", SET_COOKIE, [200])],
)

log_out = call(
    "logOut",
    "End the session of the token that is sent along, if any",
    tag=TAG,
    public=True,
    changes=True,
    limited=False,
    responses={200: ("The token is refused from now on, its sockets are closed.", NoticePayload)},
    parameters=[header("Set-Cookie", "`jwt`, emptied.", [200])],
)

check = call(
    "checkAuth",
    "Who am I",
    tag=TAG,
    responses={200: ("Whose token it is.", PersonRecord)},
)

update_profile = call(
    "updateProfile",
    "Change my picture or name",
    tag=TAG,
    changes=True,
    bodies={JSON: ProfileBody, FORM: ProfileForm},
    responses={200: ("As it is now.", PersonRecord)},
    refused=joined(
        OF_PICTURES,
        {
            400: [
                "Profile pic is required",
                "Enter the name that others will see.",
                "The name may have at most 100 characters.",
                FILTERED,
            ],
            403: [SILENCED],
        },
    ),
)


class AccountDeletionPayload(TypedDict):
    """When my account is going to be deleted; null: it is not."""

    deletionAt: Timestamp | None


deletion = call(
    "getDeletion",
    "Whether my account is going to be deleted",
    tag=TAG,
    responses={200: ("As it is now.", AccountDeletionPayload)},
)

request_deletion = call(
    "deleteAccount",
    "Have my account deleted in a week",
    tag=TAG,
    changes=True,
    bodies={JSON: AccountDeletionBody},
    responses={202: ("Every session has ended, this one, too.", AccountDeletionPayload)},
    refused={
        400: [
            "All fields are required",
            "This is not your current password.",
            '"maybe" is not a valid choice.',
        ],
        409: ["The site needs an owner: make somebody else the owner first."],
    },
)

keep_account = call(
    "keepAccount",
    "Keep my account after all",
    tag=TAG,
    changes=True,
    responses={200: ("So, too, where nobody has asked for that.", AccountDeletionPayload)},
    refused={409: ["This account was deleted."]},
)

username = call(
    "getUsername",
    "My @username, and the link by which others write to me",
    tag=TAG,
    responses={200: ("Without a username the link has my key.", UsernamePayload)},
)

choose_username = call(
    "chooseUsername",
    "Choose my @username, or give it up",
    tag=TAG,
    changes=True,
    bodies={JSON: UsernameBody},
    responses={
        200: (
            "As it is now. What I had before is kept for me for 90 days.",
            UsernamePayload,
        )
    },
    refused={
        400: [
            "Say what to change.",
            "3 to 32 of the letters a to z, digits and _, beginning with a letter.",
            "Somebody else has this username.",
            FILTERED,
        ],
        403: [SILENCED],
    },
)

invitations = call(
    "listInvitations",
    "My invitations that still work, the newest first",
    tag=TAG,
    responses={200: ("At most 50.", list[InvitationPayload])},
)

invite = call(
    "invite",
    "Make an invitation: a link, or one that is mailed to an address",
    tag=TAG,
    changes=True,
    bodies={JSON: InvitationBody},
    responses={201: ("One for an address is on its way there.", InvitationPayload)},
    refused={
        400: [
            "Invalid email format",
            "Ensure this value is less than or equal to 1000.",
            "You have 50 invitations. Withdraw one first.",
        ],
        403: ["You cannot invite people here."],
    },
)

withdraw = call(
    "withdrawInvitation",
    "Withdraw an invitation of mine: its link stops working",
    tag=TAG,
    changes=True,
    parameters=[key_in_path("invitation", "The invitation's `_id`.")],
    responses={200: ("Accounts that it has made stay.", NoticePayload)},
    refused={404: ["No such invitation."]},
)

notifications = call(
    "getNotifications",
    "How I am told of what I missed",
    tag=TAG,
    responses={200: ("As it is now.", NotificationsPayload)},
)

change_notifications = call(
    "changeNotifications",
    "Change how I am told of what I missed",
    tag=TAG,
    changes=True,
    bodies={JSON: NotificationsBody},
    responses={200: ("As it is now.", NotificationsPayload)},
    refused={
        400: [
            "Say what to change.",
            "Give the time of the day as 22:00.",
            "There is no such time zone.",
        ]
    },
)

subscribe = call(
    "subscribeToPush",
    "Have the browser of this session sent push messages, as long as the session lasts",
    tag=TAG,
    changes=True,
    bodies={JSON: SubscriptionBody},
    responses={200: ("As it is now.", NotificationsPayload)},
    refused={400: ["This is no push subscription of a browser."]},
)

unsubscribe = call(
    "unsubscribeFromPush",
    "Have it sent none any more",
    tag=TAG,
    changes=True,
    responses={200: ("As it is now.", NotificationsPayload)},
)


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """Both ways in which a token comes."""

    target_class = "accounts.authentication.TokenAuthentication"
    name = ["cookie", "bearer"]

    def get_security_requirement(self, auto_schema: object) -> list[dict[str, list[str]]]:
        return [{name: []} for name in self.name]

    def get_security_definition(self, auto_schema: object) -> list[dict[str, str]]:
        return [
            {
                "type": "apiKey",
                "in": "cookie",
                "name": COOKIE,
                "description": "Set by sign-up and log-in. Browsers send it by themselves.",
            },
            {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "The same token as a header, which goes before the cookie.",
            },
        ]
