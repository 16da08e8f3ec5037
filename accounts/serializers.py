"""The shape of what comes in; rules are the services'."""

from rest_framework import serializers

from accounts.notifications import DIGEST_HOURS, PREVIEWS
from accounts.services.admission import MAX_DAYS, MAX_USES
from chatsite.serializers import PictureField, TextField, WireSerializer

PASSWORD_STYLE = {"input_type": "password"}


class SignUpSerializer(WireSerializer):
    fullName = TextField()
    email = TextField()
    password = TextField(style=PASSWORD_STYLE)
    invitation = TextField(default="")


class LogInSerializer(WireSerializer):
    email = TextField()
    password = TextField(style=PASSWORD_STYLE)


class DeletionSerializer(WireSerializer):
    password = TextField(style=PASSWORD_STYLE)
    messages = serializers.ChoiceField(["keep", "remove"], default="keep")


class ProfileSerializer(WireSerializer):
    fullName = TextField(default=None)
    profilePic = PictureField(source="picture", style={"input_type": "file"})


class InvitationSerializer(WireSerializer):
    email = TextField()
    uses = serializers.IntegerField(min_value=1, max_value=MAX_USES, default=1)
    days = serializers.IntegerField(min_value=1, max_value=MAX_DAYS, default=7)


class UsernameSerializer(WireSerializer):
    username = TextField(default=None)


class NotificationsSerializer(WireSerializer):
    """What is absent stays as it is."""

    previews = serializers.ChoiceField(PREVIEWS, default=None, allow_null=True)
    quietFrom = TextField(default=None)
    quietUntil = TextField(default=None)
    zone = TextField(default=None)
    digestHours = serializers.ChoiceField(DIGEST_HOURS, default=None, allow_null=True)


class SubscriptionSerializer(WireSerializer):
    endpoint = TextField()
    p256dh = TextField()
    auth = TextField()
