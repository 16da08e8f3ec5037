"""Messages that are sent later, and reminders of messages."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import chatsite.db
import chatsite.keys
from chatsite.operations import AddIndexOnMongoDB

KEY = chatsite.keys.HexIdField(
    db_column="_id",
    default=chatsite.keys.new_key,
    editable=False,
    max_length=24,
    primary_key=True,
    serialize=False,
)


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0031_exports"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="ScheduledMessage",
            fields=[
                ("id", KEY),
                ("peer", models.CharField(max_length=24)),
                ("text", models.TextField()),
                ("reply_to", models.CharField(blank=True, max_length=24)),
                ("mentions", models.TextField(blank=True)),
                ("send_at", models.DateTimeField(null=True)),
                ("error", models.CharField(blank=True, max_length=300)),
                ("message", models.CharField(blank=True, max_length=24)),
                ("version", models.PositiveIntegerField(default=0)),
                ("created_at", models.DateTimeField(default=chatsite.db.now)),
                (
                    "sender",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="scheduled_messages",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "scheduled message",
                "verbose_name_plural": "scheduled messages",
                "indexes": [models.Index(fields=["send_at"], name="scheduled_by_time")],
            },
        ),
        migrations.CreateModel(
            name="Reminder",
            fields=[
                ("id", KEY),
                ("remind_at", models.DateTimeField()),
                ("told_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(default=chatsite.db.now)),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="messaging.message",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="reminders",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "reminder",
                "verbose_name_plural": "reminders",
                "constraints": [
                    models.UniqueConstraint(fields=("user", "message"), name="one_reminder")
                ],
            },
        ),
        AddIndexOnMongoDB(
            model_name="reminder",
            index=models.Index(fields=["user", "message"], name="reminder_of_person"),
        ),
    ]
