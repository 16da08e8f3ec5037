"""At least one message an hour of a new account, as the code takes it."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0015_usernames"),
    ]

    operations = [
        migrations.AlterField(
            model_name="sitepolicy",
            name="new_messages",
            field=models.PositiveSmallIntegerField(
                db_default=30,
                default=30,
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name="messages that a new account sends an hour",
            ),
        ),
    ]
