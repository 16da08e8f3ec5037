"""What strangers may do."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0013_filters"),
    ]

    operations = [
        migrations.AddField(
            model_name="sitepolicy",
            name="requests",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="until they are accepted: of people who are in no group with the receiver.",
                verbose_name="messages of strangers wait as requests",
            ),
        ),
        migrations.AddField(
            model_name="sitepolicy",
            name="lists_everybody",
            field=models.BooleanField(
                db_default=True,
                default=True,
                help_text="Otherwise people find whom they have written with, who is in a group with them, and others by their whole e-mail address.",
                verbose_name="everybody is listed",
            ),
        ),
        migrations.AddField(
            model_name="sitepolicy",
            name="shows_addresses",
            field=models.BooleanField(
                db_default=True,
                default=True,
                help_text="Otherwise those alone to whom somebody has written see theirs.",
                verbose_name="everybody sees e-mail addresses",
            ),
        ),
        migrations.AddField(
            model_name="sitepolicy",
            name="strangers_per_day",
            field=models.PositiveIntegerField(
                db_default=0,
                default=0,
                help_text="0: as many as they like.",
                verbose_name="how many strangers somebody may write to in a day",
            ),
        ),
    ]
