"""Whom the text of a message mentions."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0013_drafts")]
    operations = [
        migrations.AddField(
            model_name="message",
            name="mentions",
            field=models.TextField(editable=False, null=True),
        ),
    ]
