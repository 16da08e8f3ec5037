"""The names that people give their devices."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_confirmed_addresses"),
    ]

    operations = [
        migrations.AddField(
            model_name="session",
            name="name",
            field=models.CharField(blank=True, default="", max_length=60, verbose_name="name"),
        ),
    ]
