"""A request to make a group can be repeated: who made it, and the id that they chose for it."""

from django.db import migrations, models
from django.db.models import Q

from chatsite.operations import AddIndexOnMongoDB


class Migration(migrations.Migration):
    dependencies = [("messaging", "0006_groups")]
    operations = [
        migrations.AddField(
            model_name="conversation",
            name="creator",
            field=models.CharField(blank=True, editable=False, max_length=24),
        ),
        migrations.AddField(
            model_name="conversation",
            name="client_group_id",
            field=models.CharField(blank=True, editable=False, max_length=64),
        ),
        migrations.AddConstraint(
            model_name="conversation",
            constraint=models.UniqueConstraint(
                fields=["creator", "client_group_id"],
                condition=Q(client_group_id__gt=""),
                name="one_client_group_id",
            ),
        ),
        AddIndexOnMongoDB(
            model_name="conversation",
            index=models.Index(fields=["creator", "client_group_id"], name="group_by_client_id"),
        ),
    ]
