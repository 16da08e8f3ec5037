from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0039_scheduled_files")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="preview",
            field=models.TextField(editable=False, null=True),
        ),
    ]
