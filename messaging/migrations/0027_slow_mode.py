"""How fast members of a group may write."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0026_reports"),
    ]

    operations = [
        migrations.AddField(
            model_name="conversation",
            name="slow_seconds",
            field=models.PositiveSmallIntegerField(
                db_default=0, default=0, verbose_name="slow mode"
            ),
        ),
    ]
