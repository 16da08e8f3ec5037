"""What people report to moderators. A report names people and rows, so that it outlives them."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from chatsite.db import now
from chatsite.keys import HexIdField

REPORT_TEXT_LENGTH = 1000
NOTE_LENGTH = 1000


class ReportKind(models.TextChoices):
    MESSAGE = "message", _("Message")
    PERSON = "person", _("Person")
    GROUP = "group", _("Group")


class Reason(models.TextChoices):
    SPAM = "spam", _("Spam or advertising")
    HARASSMENT = "harassment", _("Insults, threats or pestering")
    HATE = "hate", _("Hatred of people for what they are")
    SEXUAL = "sexual", _("Sexual content")
    FRAUD = "fraud", _("Fraud, or posing as somebody else")
    OTHER = "other", _("Something else")
    FILTER = "filter", _("Found by a filter")  # which no person gives


REASONS = [each for each in Reason if each != Reason.FILTER]


class Decision(models.TextChoices):
    NOTHING = "nothing", _("Nothing to do")
    REMOVE = "remove", _("Remove the message")
    WARN = "warn", _("Warn the person")
    SILENCE = "silence", _("Silence the person")
    BAN = "ban", _("Ban the person")


class Report(models.Model):
    """Of a message, a person or a group; of one reporter once, as long as it is open."""

    id = HexIdField(primary_key=True, db_column="_id")
    kind = models.CharField(_("kind"), max_length=10, choices=ReportKind, editable=False)
    about = models.CharField(max_length=24, editable=False)  # the key of what was reported
    # Who wrote the message, or owns the group.
    person = models.CharField(max_length=24, blank=True, editable=False)
    reporter = models.CharField(max_length=24, editable=False)
    reason = models.CharField(_("reason"), max_length=12, choices=Reason, editable=False)
    words = models.TextField(_("in their words"), blank=True, editable=False)
    # What the reporter saw of it at that time: `Evidence` as JSON (messaging/shapes/evidence.py).
    evidence = models.TextField(editable=False)
    created_at = models.DateTimeField(_("reported"), default=now, editable=False)
    is_open = models.BooleanField(_("open"), default=True, editable=False)
    claimed_by = models.CharField(max_length=24, blank=True, editable=False)
    decision = models.CharField(max_length=10, choices=Decision, blank=True, editable=False)
    decided_by = models.CharField(max_length=24, blank=True, editable=False)
    decided_at = models.DateTimeField(null=True, editable=False)
    note = models.TextField(_("note for moderators"), blank=True, editable=False)

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        constraints = [
            models.UniqueConstraint(
                fields=["reporter", "about"], condition=Q(is_open=True), name="one_open_report"
            )
        ]
        indexes = [
            models.Index(fields=["is_open", "id"], name="report_by_state"),
            models.Index(fields=["person", "id"], name="report_by_person"),
            models.Index(fields=["about"], name="report_by_about"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.about}"
