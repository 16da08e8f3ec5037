"""Unread messages that mention somebody are found by an index of those few."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("messaging", "0015_pinned_messages")]
    operations = [
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=Q(mentions__gt=""),
                fields=["conversation", "seq"],
                name="mentioning_messages",
            ),
        ),
    ]
