"""Tokens that are renewed, usernames that are kept, and who has a role found without a scan."""

from django.db import migrations, models

import chatsite.keys
from chatsite.operations import AddIndexOnMongoDB


class Migration(migrations.Migration):
    dependencies = [("accounts", "0018_languages")]
    operations = [
        migrations.AddField(
            model_name="session",
            name="rotation",
            field=models.PositiveIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddField(
            model_name="session",
            name="rotated_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(
                condition=models.Q(role__gt=""), fields=["id"], name="people_with_roles"
            ),
        ),
        migrations.CreateModel(
            name="FormerUsername",
            fields=[
                (
                    "id",
                    chatsite.keys.HexIdField(
                        db_column="_id",
                        default=chatsite.keys.new_key,
                        editable=False,
                        max_length=24,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("username", models.CharField(max_length=32)),
                ("owner", models.CharField(max_length=24)),
                ("freed_at", models.DateTimeField()),
            ],
            options={
                "indexes": [models.Index(fields=["owner", "-freed_at"], name="former_username_of")],
                "constraints": [
                    models.UniqueConstraint(fields=("username",), name="one_former_username")
                ],
            },
        ),
        AddIndexOnMongoDB(
            model_name="formerusername",
            index=models.Index(fields=["username"], name="former_username_by_name"),
        ),
    ]
