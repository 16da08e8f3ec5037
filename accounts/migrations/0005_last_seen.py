"""When somebody was last online."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_letters_in_sort_names")]
    operations = [
        migrations.AddField(
            model_name="user",
            name="last_seen_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="last seen"),
        ),
    ]
