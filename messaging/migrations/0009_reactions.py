"""Reactions, and what a message's own row says of them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import chatsite.keys
from chatsite.operations import AddIndexOnMongoDB


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0008_chat_settings"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddField(
            model_name="message",
            name="reactions",
            field=models.TextField(blank=True, editable=False),
        ),
        migrations.CreateModel(
            name="Reaction",
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
                ("emoji", models.CharField(max_length=16)),
                (
                    "message",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reaction_rows",
                        to="messaging.message",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["message", "id"], name="reaction_by_message")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("message", "user", "emoji"), name="one_reaction"
                    )
                ],
            },
        ),
        AddIndexOnMongoDB(
            model_name="reaction",
            index=models.Index(fields=["message", "user"], name="reaction_of_person"),
        ),
    ]
