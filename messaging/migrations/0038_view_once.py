"""Pictures and voice messages that are seen once, and who has opened them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import chatsite.db
import chatsite.keys
from chatsite.operations import AddIndexOnMongoDB


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0037_faces_whole"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddField(
            model_name="message",
            name="view_once",
            field=models.TextField(editable=False, null=True),
        ),
        migrations.CreateModel(
            name="Opening",
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
                ("client_id", models.CharField(max_length=64)),
                ("at", models.DateTimeField(default=chatsite.db.now)),
                ("until", models.DateTimeField()),
                (
                    "message",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="openings",
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
                "constraints": [
                    models.UniqueConstraint(fields=("message", "user"), name="one_opening")
                ],
            },
        ),
        AddIndexOnMongoDB(
            model_name="opening",
            index=models.Index(fields=["message", "user"], name="opening_of_person"),
        ),
    ]
