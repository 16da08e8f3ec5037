"""The shape of what comes in, for the API and the socket alike; rules are the services'."""

from rest_framework import serializers

from chatsite.serializers import LARGEST, PictureField, TextField
from messaging.models.message import CLIENT_ID_LENGTH

PAGE = 1000  # messages, when nobody asks for fewer
CURSOR_LENGTH = 1100


class SendSerializer(serializers.Serializer[None]):
    text = TextField(style={"base_template": "textarea.html"})
    image = PictureField(style={"input_type": "file"})
    clientMessageId = TextField(
        source="client_message_id", label="clientMessageId", max_length=CLIENT_ID_LENGTH
    )
    replyTo = TextField(source="reply_to", label="replyTo", max_length=24)


class ReadMarkSerializer(serializers.Serializer[None]):
    seq = serializers.IntegerField(min_value=0)


class HistoryQuery(serializers.Serializer[None]):
    limit = serializers.IntegerField(
        min_value=1, max_value=PAGE, default=PAGE, help_text="At most so many."
    )
    before = serializers.IntegerField(
        min_value=1, max_value=LARGEST, default=None, help_text="Those with a lower `seq`."
    )


class ContactsQuery(serializers.Serializer[None]):
    search = TextField(max_length=100, allow_null=False, help_text="What the name contains.")
    limit = serializers.IntegerField(
        min_value=1, max_value=PAGE, default=None, help_text="At most so many."
    )
    cursor = TextField(max_length=1000, allow_null=False, help_text="From the `Link` header.")


class SyncQuery(serializers.Serializer[None]):
    since = TextField(
        max_length=CURSOR_LENGTH, allow_null=False, help_text="The last answer's `cursor`."
    )
