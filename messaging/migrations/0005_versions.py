"""Changes are found by counters in place of clocks."""

from typing import Any

from django.db import migrations, models
from django.db.models import F


def number(apps: Any, schema_editor: Any) -> None:
    """Unique and rising in each conversation, and lower than whatever changes from now on."""
    apps.get_model("messaging", "Message").objects.update(version=F("seq"))
    apps.get_model("messaging", "Conversation").objects.update(version=F("last_seq"))


class Migration(migrations.Migration):
    dependencies = [("messaging", "0004_indexes_that_pay")]
    operations = [
        migrations.RemoveIndex(model_name="message", name="message_by_change"),
        migrations.AddField(
            model_name="conversation",
            name="version",
            field=models.PositiveBigIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="message",
            name="version",
            field=models.PositiveBigIntegerField(default=0, editable=False),
        ),
        migrations.RunPython(number, migrations.RunPython.noop, elidable=True),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["conversation", "version"], name="message_by_version"),
        ),
    ]
