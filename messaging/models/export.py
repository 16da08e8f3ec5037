"""Exports: everything of one's own, in one ZIP."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from chatsite.db import now
from chatsite.keys import HexIdField
from chatsite.operations import on_mongodb


class Export(models.Model):
    """Each person has one at most: a new one takes the place of the last."""

    id = HexIdField(primary_key=True, db_column="_id")
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("person"),
    )
    # By what name the store has it; "" before a job has begun with it.
    stored = models.CharField(max_length=40, blank=True, editable=False)
    # Messages, as it is made: of about so many so many are in it.
    done = models.PositiveBigIntegerField(default=0, editable=False)
    total = models.PositiveBigIntegerField(default=0, editable=False)
    # Bytes; before it is ready, of the files that it is going to have.
    size = models.PositiveBigIntegerField(_("size"), default=0, editable=False)
    created_at = models.DateTimeField(_("asked for"), default=now, editable=False)
    ready_at = models.DateTimeField(_("ready"), null=True, editable=False)

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        indexes = [
            models.Index(fields=["created_at"], name="export_by_age"),
            *on_mongodb(models.Index(fields=["user"], name="export_of_person")),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.created_at:%Y-%m-%d %H:%M}"
