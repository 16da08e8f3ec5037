"""Accounts that are going to be deleted, and those that were."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0016_new_messages")]
    operations = [
        migrations.AddField(
            model_name="user",
            name="deletion_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="to be deleted"),
        ),
        migrations.AddField(
            model_name="user",
            name="deletion_removes",
            field=models.BooleanField(
                db_default=False, default=False, editable=False, verbose_name="with its messages"
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="deleted_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="deleted"),
        ),
    ]
