"""Up to which message somebody's devices have what was written, and since when; when they read."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0009_reactions")]
    operations = [
        migrations.AddField(
            model_name="membership",
            name="last_delivered_seq",
            field=models.PositiveBigIntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="membership",
            name="delivered_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="membership",
            name="read_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
