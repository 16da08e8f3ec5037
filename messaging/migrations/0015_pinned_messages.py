"""Messages that are pinned in their conversation."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("messaging", "0014_mentions")]
    operations = [
        migrations.AddField(
            model_name="message",
            name="pinned_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="message",
            name="pinned_by",
            field=models.CharField(editable=False, max_length=24, null=True),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=Q(pinned_by__gt=""),
                fields=["conversation", "pinned_at"],
                name="pinned_messages",
            ),
        ),
    ]
