"""What people have begun to write."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0012_forwarding")]
    operations = [
        migrations.AddField(
            model_name="membership",
            name="draft",
            field=models.TextField(blank=True, editable=False),
        ),
    ]
