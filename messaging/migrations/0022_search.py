"""The index of what messages say. Of a database with messages the site builds it while it runs."""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

import chatsite.keys


def ask_for_index(apps: Any, schema_editor: Any) -> None:
    if apps.get_model("messaging", "Message").objects.exists():
        apps.get_model("messaging", "SearchBuild").objects.create()


def key() -> chatsite.keys.HexIdField:
    return chatsite.keys.HexIdField(
        db_column="_id",
        default=chatsite.keys.new_key,
        editable=False,
        max_length=24,
        primary_key=True,
        serialize=False,
    )


class Migration(migrations.Migration):
    dependencies = [("messaging", "0021_shared_files")]
    operations = [
        migrations.CreateModel(
            name="SearchBlock",
            fields=[
                ("id", key()),
                ("number", models.PositiveBigIntegerField()),
                ("first_at", models.DateTimeField()),
                ("last_at", models.DateTimeField()),
                ("text", models.TextField()),
                (
                    "conversation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="messaging.conversation",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["conversation", "number"], name="search_block_of")]
            },
        ),
        migrations.CreateModel(
            name="SearchBuild",
            fields=[("id", key()), ("after", models.CharField(blank=True, max_length=24))],
        ),
        migrations.RunPython(ask_for_index, migrations.RunPython.noop),
    ]
