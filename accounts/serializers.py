"""The shape of what comes in; rules are the services'."""

from rest_framework import serializers

from accounts.notifications import DIGEST_HOURS, PREVIEWS
from accounts.services.admission import MOST_DAYS, MOST_USES
from chatsite.serializers import PictureField, TextField

PASSWORD_STYLE = {"input_type": "password"}


class SignUpSerializer(serializers.Serializer[None]):
    fullName = TextField(source="full_name", label="fullName")
    email = TextField()
    password = TextField(style=PASSWORD_STYLE)
    invitation = TextField(default="")


class LogInSerializer(serializers.Serializer[None]):
    email = TextField()
    password = TextField(style=PASSWORD_STYLE)


class DeletionSerializer(serializers.Serializer[None]):
    password = TextField(style=PASSWORD_STYLE)
    messages = serializers.ChoiceField(["keep", "remove"], default="keep")


class ProfileSerializer(serializers.Serializer[None]):
    fullName = TextField(source="full_name", label="fullName", default=None)
    profilePic = PictureField(source="picture", label="profilePic", style={"input_type": "file"})


class InvitationSerializer(serializers.Serializer[None]):
    email = TextField()
    uses = serializers.IntegerField(min_value=1, max_value=MOST_USES, default=1)
    days = serializers.IntegerField(min_value=1, max_value=MOST_DAYS, default=7)


class UsernameSerializer(serializers.Serializer[None]):
    username = TextField(default=None)


class NotificationsSerializer(serializers.Serializer[None]):
    """What is absent stays as it is."""

    previews = serializers.ChoiceField(PREVIEWS, default=None, allow_null=True)
    quietFrom = TextField(source="quiet_from", label="quietFrom", default=None)
    quietUntil = TextField(source="quiet_until", label="quietUntil", default=None)
    zone = TextField(default=None)
    digestHours = serializers.ChoiceField(
        DIGEST_HOURS, source="digest_hours", label="digestHours", default=None, allow_null=True
    )


class SubscriptionSerializer(serializers.Serializer[None]):
    endpoint = TextField()
    p256dh = TextField()
    auth = TextField()
