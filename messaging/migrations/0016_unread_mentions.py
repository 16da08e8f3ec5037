"""An index of the few messages that mention somebody, for counting the unread ones."""

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
