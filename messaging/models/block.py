"""Who has blocked whom."""

from django.conf import settings
from django.db import models

from accounts.canonical import EMAIL_LENGTH
from accounts.models import NAME_LENGTH, USERNAME_LENGTH
from chatsite.db import now
from chatsite.keys import HexIdField
from chatsite.operations import on_mongodb


class Block(models.Model):
    """What is written in their direct chat meanwhile is kept from the blocker by the end of the
    blocker's stay in it (`Membership.until_seq`). This row is there beside it for the list, and for
    what has nothing to do with messages.
    """

    id = HexIdField(primary_key=True, db_column="_id")
    blocker = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="blocks", db_index=False
    )
    blocked = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    since = models.DateTimeField(default=now)
    # As each goes on seeing the other; "" for the names of blocks from before there were these.
    blocker_name = models.CharField(max_length=NAME_LENGTH, default="", db_default="")
    blocker_picture = models.CharField(max_length=200, default="", db_default="")
    blocker_username = models.CharField(max_length=USERNAME_LENGTH, default="", db_default="")
    blocker_email = models.CharField(max_length=EMAIL_LENGTH, default="", db_default="")
    blocked_name = models.CharField(max_length=NAME_LENGTH, default="", db_default="")
    blocked_picture = models.CharField(max_length=200, default="", db_default="")
    blocked_username = models.CharField(max_length=USERNAME_LENGTH, default="", db_default="")
    blocked_email = models.CharField(max_length=EMAIL_LENGTH, default="", db_default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["blocker", "blocked"], name="one_block")]
        indexes = [
            *on_mongodb(models.Index(fields=["blocker", "blocked"], name="block_of_person")),
        ]

    def __str__(self) -> str:
        return f"{self.blocked_id} by {self.blocker_id}"
