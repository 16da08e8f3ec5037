from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0020_notifications"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="first_steps",
            field=models.CharField(
                blank=True, db_default="", default="", editable=False, max_length=40
            ),
        ),
    ]
