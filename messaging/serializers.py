"""The shape of what comes in, for the API and the socket alike; rules are the services'."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from accounts.privacy import AUDIENCES
from chatsite.serializers import MAX_INTEGER, FlagField, PictureField, TextField, WireSerializer
from messaging.models import REASONS, Posting, ReportKind, Role
from messaging.models.conversation import CLIENT_ID_LENGTH, MAX_LIFETIME, MAX_SLOW_SECONDS
from messaging.queries.receipts import STATES
from messaging.queries.search import ORDERS, WORDS_LENGTH, YEARS
from messaging.queries.shared import KINDS
from messaging.services.chat_settings import MUTES
from messaging.services.deletions import WHOM
from messaging.shapes.search_text import HAS

MEMBERS_PAGE = SHARED_PAGE = 100  # when nobody says how many
PAGE = 1000  # messages, when nobody asks for fewer
CURSOR_LENGTH = 1100
SEARCH_PAGE = 100


class MomentField(serializers.DateTimeField):
    """A day or a moment of YEARS; without an offset in the zone that the `tz` cookie names, or in
    UTC.
    """

    def __init__(self, **kwargs: Any) -> None:
        options = {"default": None, "input_formats": ["iso-8601", "%Y-%m-%d"]}
        super().__init__(**{**options, **kwargs})

    def enforce_timezone(self, value: datetime) -> datetime:
        if value.year not in YEARS:
            self.fail("overflow")
        return super().enforce_timezone(value)


class KeysField(serializers.ListField):
    """Null and absent are None."""

    def __init__(self) -> None:
        super().__init__(child=TextField(allow_null=False), default=None, allow_null=True)


class CaptionsField(serializers.DictField):
    """Null and absent are None."""

    def __init__(self) -> None:
        super().__init__(child=TextField(), default=None, allow_null=True)


class SendSerializer(WireSerializer):
    text = TextField(style={"base_template": "textarea.html"})
    image = PictureField(style={"input_type": "file"})
    clientMessageId = TextField(max_length=CLIENT_ID_LENGTH)
    replyTo = TextField(max_length=24)
    mentions = KeysField()
    attachments = KeysField()
    captions = CaptionsField()
    viewOnce = FlagField()


class EditSerializer(WireSerializer):
    text = TextField(style={"base_template": "textarea.html"})
    mentions = KeysField()
    captions = CaptionsField()


class ForwardSerializer(WireSerializer):
    messageIds = serializers.ListField(child=TextField(allow_null=False))
    to = serializers.ListField(child=TextField(allow_null=False))
    text = TextField(style={"base_template": "textarea.html"})
    clientMessageId = TextField(max_length=CLIENT_ID_LENGTH)


class ReadMarkSerializer(WireSerializer):
    seq = serializers.IntegerField(min_value=0)


class ChatSerializer(WireSerializer):
    """What is absent stays as it is."""

    pinned = FlagField()
    archived = FlagField()
    mute = serializers.ChoiceField(MUTES, default=None, allow_null=True)
    markedUnread = FlagField()


class DraftSerializer(WireSerializer):
    text = TextField(style={"base_template": "textarea.html"})
    replyTo = TextField(max_length=24)
    mentions = KeysField()


class ScheduleSerializer(WireSerializer):
    text = TextField(style={"base_template": "textarea.html"})
    replyTo = TextField(max_length=24)
    mentions = KeysField()
    sendAt = MomentField(allow_null=True)
    whenOnline = FlagField()
    attachments = KeysField()
    captions = CaptionsField()
    viewOnce = FlagField()
    clientMessageId = TextField(max_length=CLIENT_ID_LENGTH)


class RescheduleSerializer(WireSerializer):
    """What is absent stays as it is."""

    text = TextField(default=None, style={"base_template": "textarea.html"})
    mentions = KeysField()
    sendAt = MomentField(allow_null=True)
    whenOnline = FlagField()


class ReminderSerializer(WireSerializer):
    remindAt = MomentField(default=serializers.empty)


class DisappearingSerializer(WireSerializer):
    seconds = serializers.IntegerField(min_value=0, max_value=MAX_LIFETIME)


class PrivacySerializer(WireSerializer):
    """What is absent stays as it is."""

    readReceipts = serializers.ChoiceField(AUDIENCES, default=None, allow_null=True)
    typing = serializers.ChoiceField(AUDIENCES, default=None, allow_null=True)
    online = serializers.ChoiceField(AUDIENCES, default=None, allow_null=True)
    lastSeen = serializers.ChoiceField(AUDIENCES, default=None, allow_null=True)


class HistoryQuery(WireSerializer):
    limit = serializers.IntegerField(
        min_value=1, max_value=PAGE, default=PAGE, help_text="At most so many."
    )
    before = serializers.IntegerField(
        min_value=1, max_value=MAX_INTEGER, default=None, help_text="Those with a lower `seq`."
    )


class FileQuery(WireSerializer):
    thumbnail = serializers.BooleanField(
        default=False, help_text="A small picture in place of the file, where it has one."
    )
    opening = TextField(
        allow_null=False,
        max_length=CLIENT_ID_LENGTH,
        help_text="Of what is seen once: as its `url` has it in the answer to `openMessage`.",
    )


class OpenSerializer(WireSerializer):
    openingId = TextField(max_length=CLIENT_ID_LENGTH, allow_null=False)


class PosterSerializer(WireSerializer):
    picture = PictureField(style={"input_type": "file"})


class ContactsQuery(WireSerializer):
    search = TextField(max_length=100, allow_null=False, help_text="What the name contains.")
    limit = serializers.IntegerField(
        min_value=1, max_value=PAGE, default=None, help_text="At most so many."
    )
    cursor = TextField(max_length=1000, allow_null=False, help_text="From the `Link` header.")


class SyncQuery(WireSerializer):
    since = TextField(
        max_length=CURSOR_LENGTH, allow_null=False, help_text="The last answer's `cursor`."
    )


class WhomSerializer(WireSerializer):
    whom = serializers.ChoiceField(WHOM, default="everybody", help_text="For whom.")


class DeletionSerializer(WhomSerializer):
    messageIds = serializers.ListField(child=TextField(allow_null=False), allow_empty=False)


class UndoSerializer(WireSerializer):
    undo = serializers.CharField()


class ClearQuery(WireSerializer):
    seq = serializers.IntegerField(
        source="up_to",
        min_value=1,
        max_value=MAX_INTEGER,
        default=None,
        help_text="Only up to that message, such as the last one that I know of.",
    )


class PeopleSerializer(WireSerializer):
    people = serializers.ListField(child=TextField(allow_null=False))


class ChangeGroupSerializer(WireSerializer):
    """What is absent stays as it is; an empty picture removes the one that is there."""

    name = TextField(source="title", label="name", default=None)
    description = TextField(default=None, style={"base_template": "textarea.html"})
    picture = PictureField(allow_blank=True, style={"input_type": "file"})
    posting = serializers.ChoiceField(Posting.choices, default=None, allow_null=True)
    showsHistory = FlagField()
    slowSeconds = serializers.IntegerField(
        min_value=0, max_value=MAX_SLOW_SECONDS, default=None, allow_null=True
    )


class GroupSerializer(ChangeGroupSerializer):
    name = TextField(source="title", label="name")
    people = serializers.ListField(child=TextField(allow_null=False), default=list)
    description = TextField(style={"base_template": "textarea.html"})
    picture = PictureField(style={"input_type": "file"})
    clientGroupId = TextField(max_length=CLIENT_ID_LENGTH)


class RoleSerializer(WireSerializer):
    role = serializers.ChoiceField(Role.choices)


class ReportSerializer(WireSerializer):
    kind = serializers.ChoiceField(ReportKind.choices)
    about = TextField(max_length=24, allow_null=False)
    reason = serializers.ChoiceField([(each.value, each.label) for each in REASONS])
    text = TextField(source="words", style={"base_template": "textarea.html"})


class PageQuery(WireSerializer):
    limit = serializers.IntegerField(
        min_value=1, max_value=PAGE, default=MEMBERS_PAGE, help_text="At most so many."
    )
    cursor = TextField(max_length=1000, allow_null=False, help_text="From the `Link` header.")


class MembersQuery(PageQuery):
    search = TextField(max_length=100, allow_null=False, help_text="What the name contains.")


class ReceiptsQuery(PageQuery):
    seq = serializers.IntegerField(min_value=1, max_value=MAX_INTEGER, help_text="Of the message.")
    state = serializers.ChoiceField(
        STATES, default=None, help_text="Only those with whom it is at that."
    )


class SharedQuery(WireSerializer):
    kind = serializers.ChoiceField(KINDS, help_text="What the messages have.")
    limit = serializers.IntegerField(
        min_value=1, max_value=PAGE, default=SHARED_PAGE, help_text="At most so many."
    )
    before = serializers.IntegerField(
        min_value=1, max_value=MAX_INTEGER, default=None, help_text="Those with a lower `seq`."
    )


class SearchQuery(WireSerializer):
    q = TextField(
        source="words",
        allow_null=False,
        max_length=WORDS_LENGTH,
        help_text="Words in the text or in names of files, whatever their case, accents or width; "
        '"quoted" ones as they are.',
    )
    chat = TextField(
        max_length=24,
        allow_null=False,
        help_text="Only in the chat with this peer. Alone it finds nothing.",
    )
    person = TextField(max_length=24, allow_null=False, help_text="Only what this person wrote.")
    before = MomentField(
        help_text="Only what was sent before that day or moment. A day begins at midnight UTC, "
        "unless the cookie `tz` names another zone, as our pages do: `Europe/Berlin`. Years from "
        "1970 to 2999."
    )
    after = MomentField(
        help_text="Only what was sent on that day, or at that moment, or later; days as above."
    )
    has = serializers.ChoiceField(
        HAS,
        default=None,
        help_text="Only messages with such a thing; `picture`, `file`, `voice` and `link` as they "
        "are listed by `/api/conversations/:id/shared`, where video and audio are files, too; "
        "`audio` has voice messages, too.",
    )
    order = serializers.ChoiceField(
        ORDERS,
        default="newest",
        help_text="`best`: of the 200 newest, first those that have the words as words of their "
        "own, then those with words that begin with them; following on each other counts, too. "
        "Of equal ones the newest first. There is no next page.",
    )
    limit = serializers.IntegerField(
        min_value=1, max_value=SEARCH_PAGE, default=20, help_text="At most so many messages."
    )
    cursor = TextField(max_length=100, allow_null=False, help_text="From the `Link` header.")


class ReactionsQuery(PageQuery):
    seq = serializers.IntegerField(min_value=1, max_value=MAX_INTEGER, help_text="Of the message.")
    emoji = TextField(max_length=100, allow_null=False, help_text="Only those who reacted with it.")


class ReactSerializer(WireSerializer):
    messageId = TextField(allow_null=False)
    emoji = TextField(allow_null=False)
    remove = serializers.BooleanField(default=False)


class ImportSerializer(WireSerializer):
    upload = TextField()
    ownName = TextField(default="")
    zone = TextField(default="UTC")
