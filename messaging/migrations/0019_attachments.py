"""Files of messages, and what a message's own row says of them."""

import chatsite.db
import chatsite.keys
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0018_shared"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddField(
            model_name="message",
            name="attachments",
            field=models.TextField(editable=False, null=True),
        ),
        migrations.CreateModel(
            name="Attachment",
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
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("uploading", "being uploaded"),
                            ("ready", "not sent"),
                            ("sent", "sent"),
                        ],
                        default="uploading",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("position", models.PositiveSmallIntegerField(default=0)),
                ("is_copy", models.BooleanField(default=False)),
                ("stored", models.CharField(max_length=40)),
                ("thumbnail", models.CharField(blank=True, max_length=40)),
                ("name", models.CharField(max_length=255, verbose_name="name")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("picture", "picture"),
                            ("video", "video"),
                            ("audio", "audio"),
                            ("file", "file"),
                        ],
                        default="file",
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("content_type", models.CharField(blank=True, max_length=100)),
                ("size", models.PositiveBigIntegerField(verbose_name="size")),
                ("width", models.PositiveIntegerField(null=True)),
                ("height", models.PositiveIntegerField(null=True)),
                ("duration", models.PositiveIntegerField(null=True)),
                (
                    "created_at",
                    models.DateTimeField(default=chatsite.db.now, verbose_name="uploaded"),
                ),
                ("updated_at", models.DateTimeField(default=chatsite.db.now)),
                (
                    "conversation",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="messaging.conversation",
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attachment_rows",
                        to="messaging.message",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
            ],
            options={
                "verbose_name": "attachment",
                "verbose_name_plural": "attachments",
                "indexes": [
                    models.Index(fields=["owner", "state"], name="attachment_of_owner"),
                    models.Index(fields=["message"], name="attachment_of_message"),
                    models.Index(fields=["conversation", "kind", "message"], name="attachments_in"),
                    models.Index(fields=["state", "updated_at"], name="attachment_by_state"),
                ],
            },
        ),
    ]
