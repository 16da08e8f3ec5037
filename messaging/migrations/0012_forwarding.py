"""Whether a message is a copy of another, and which messages share a picture."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("messaging", "0011_edits")]
    operations = [
        migrations.AddField(
            model_name="message",
            name="forwarded",
            field=models.BooleanField(editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                fields=["image"], condition=Q(image__gt=""), name="message_by_image"
            ),
        ),
    ]
