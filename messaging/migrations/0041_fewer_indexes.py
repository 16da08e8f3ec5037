"""Fewer indexes to write to with each message."""

import django.db.models.deletion
from django.db import migrations, models

from chatsite.operations import DropOnSQL


class Migration(migrations.Migration):
    dependencies = [("messaging", "0040_link_previews")]
    operations = [
        DropOnSQL(
            [
                "message_by_client_id",
                "message_by_seq",
                "membership_of_user",
                "group_by_client_id",
                "reaction_of_person",
                "listening_of_person",
                "opening_of_person",
                "reminder_of_person",
                "block_of_person",
                "export_of_person",
                "import_of_person",
                "push_notice_of_device",
            ]
        ),
        migrations.AlterField(
            model_name="conversation",
            name="last_message",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="messaging.message",
            ),
        ),
    ]
