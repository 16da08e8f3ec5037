"""Another kind of conversation: saved messages. Nothing changes in the database."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0016_unread_mentions")]
    operations = [
        migrations.AlterField(
            model_name="conversation",
            name="kind",
            field=models.CharField(
                choices=[
                    ("direct", "direct chat"),
                    ("group", "group"),
                    ("saved", "saved messages"),
                ],
                default="direct",
                editable=False,
                max_length=10,
                verbose_name="kind",
            ),
        ),
    ]
