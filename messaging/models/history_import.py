"""Imports: histories that people bring from elsewhere."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from chatsite.db import now
from chatsite.keys import HexIdField
from chatsite.operations import on_mongodb
from messaging.models.attachment import NAME_LENGTH


class Import(models.Model):
    """Each person has one at most: a new one takes the place of the last."""

    id = HexIdField(primary_key=True, db_column="_id")
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("person"),
    )
    stored = models.CharField(max_length=40, editable=False)  # by what name the store has the file
    name = models.CharField(_("name"), max_length=NAME_LENGTH, editable=False)
    # What they are called in it, where it does not say.
    own_name = models.CharField(max_length=NAME_LENGTH, blank=True, editable=False)
    zone = models.CharField(max_length=64, blank=True, editable=False)  # of times without one
    # Messages, as it is read: how many are done, and of how many; 0 when that is unknown.
    done = models.PositiveBigIntegerField(default=0, editable=False)
    total = models.PositiveBigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(_("asked for"), default=now, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, editable=False)
    error = models.CharField(_("error"), max_length=300, blank=True, editable=False)
    # What came and what did not, as JSON (messaging/shapes/history_import.py).
    report = models.TextField(blank=True, editable=False)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        indexes = [
            models.Index(fields=["created_at"], name="import_by_age"),
            *on_mongodb(models.Index(fields=["user"], name="import_of_person")),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.created_at:%Y-%m-%d %H:%M}"
