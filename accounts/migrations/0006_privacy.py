"""What people let others see of them."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_last_seen")]
    operations = [
        migrations.AddField(
            model_name="user",
            name="privacy",
            field=models.TextField(blank=True, default="", editable=False),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(fields=["id"], condition=Q(privacy__gt=""), name="people_who_hide"),
        ),
    ]
