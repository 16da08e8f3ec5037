"""What somebody's files take is summed up from an index alone."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0019_attachments")]
    operations = [
        migrations.RemoveIndex(model_name="attachment", name="attachment_of_owner"),
        migrations.AddIndex(
            model_name="attachment",
            index=models.Index(fields=["owner", "is_copy", "size"], name="attachment_room"),
        ),
    ]
