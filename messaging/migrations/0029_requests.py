"""Chats that a stranger began, until they are accepted."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0028_blocks")]
    operations = [
        migrations.AddField(
            model_name="membership",
            name="is_request",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
    ]
