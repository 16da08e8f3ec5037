"""Jobs that are due at some time."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from chatsite.db import now
from chatsite.keys import HexIdField, new_key

ERROR_LENGTH = 300


class Job(models.Model):
    """Gone once it is done. `run_at` is when it is taken next: a worker that takes it moves
    that on, by as long as it may be silent, so a job whose worker died is simply due again.
    """

    id = HexIdField(primary_key=True, db_column="_id")
    kind = models.CharField(_("kind"), max_length=50, editable=False)
    # Of those with the same name there is one; most have none that anybody knows.
    name = models.CharField(_("name"), max_length=100, unique=True, default=new_key, editable=False)
    payload = models.TextField(editable=False)  # keyword arguments, as JSON
    run_at = models.DateTimeField(_("due"), null=True, editable=False)  # None: given up
    # Of the worker that took it last; what another has taken since is no longer that one's.
    claim = models.CharField(max_length=24, blank=True, editable=False)
    attempts = models.PositiveIntegerField(_("tries"), default=0, editable=False)
    error = models.CharField(_("error"), max_length=ERROR_LENGTH, blank=True, editable=False)
    created_at = models.DateTimeField(_("made"), default=now, editable=False)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        indexes = [models.Index(fields=["run_at"], name="job_run_at")]

    def __str__(self) -> str:
        return self.kind
