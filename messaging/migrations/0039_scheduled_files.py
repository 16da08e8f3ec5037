"""Files of messages that are sent later."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0038_view_once")]
    operations = [
        migrations.AddField(
            model_name="attachment",
            name="scheduled",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="files",
                to="messaging.scheduledmessage",
            ),
        ),
        migrations.AddField(
            model_name="scheduledmessage",
            name="view_once",
            field=models.BooleanField(default=False),
        ),
        migrations.AlterField(
            model_name="scheduledmessage",
            name="text",
            field=models.TextField(blank=True),
        ),
    ]
