"""One index fewer to write with each message, and a small one that makes unread counts cheap."""

from django.db import migrations, models
from django.db.models import Q

from chatsite.operations import KeepIndexOnMongoDB


class Migration(migrations.Migration):
    dependencies = [("messaging", "0003_indexes_on_mongodb")]
    operations = [
        KeepIndexOnMongoDB(
            model_name="message",
            index=models.Index(fields=["sender", "client_message_id"], name="message_by_client_id"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                fields=["conversation", "seq"], condition=Q(deleted=True), name="deleted_messages"
            ),
        ),
    ]
