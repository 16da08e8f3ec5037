"""When a mail last said what is unread."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0021_first_steps")]
    operations = [
        migrations.AddField(
            model_name="user",
            name="digest_sent_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
