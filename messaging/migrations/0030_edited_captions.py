"""The captions that an edit changed, apart from the words of the message."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0029_requests")]
    operations = [
        migrations.AddField(
            model_name="messageedit",
            name="captions",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
    ]
