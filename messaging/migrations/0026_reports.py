"""What people report to moderators."""

import chatsite.db
import chatsite.keys
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0025_captions"),
    ]

    operations = [
        migrations.CreateModel(
            name="Report",
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
                    "kind",
                    models.CharField(
                        choices=[("message", "Message"), ("person", "Person"), ("group", "Group")],
                        editable=False,
                        max_length=10,
                        verbose_name="kind",
                    ),
                ),
                ("about", models.CharField(editable=False, max_length=24)),
                ("person", models.CharField(blank=True, editable=False, max_length=24)),
                ("reporter", models.CharField(editable=False, max_length=24)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("spam", "Spam or advertising"),
                            ("harassment", "Insults, threats or pestering"),
                            ("hate", "Hatred of people for what they are"),
                            ("sexual", "Sexual content"),
                            ("fraud", "Fraud, or posing as somebody else"),
                            ("other", "Something else"),
                            ("filter", "Found by a filter"),
                        ],
                        editable=False,
                        max_length=12,
                        verbose_name="reason",
                    ),
                ),
                (
                    "words",
                    models.TextField(blank=True, editable=False, verbose_name="in their words"),
                ),
                ("evidence", models.TextField(editable=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        default=chatsite.db.now, editable=False, verbose_name="reported"
                    ),
                ),
                ("is_open", models.BooleanField(default=True, editable=False, verbose_name="open")),
                ("claimed_by", models.CharField(blank=True, editable=False, max_length=24)),
                (
                    "decision",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("nothing", "Nothing to do"),
                            ("remove", "Remove the message"),
                            ("warn", "Warn the person"),
                            ("silence", "Silence the person"),
                            ("ban", "Ban the person"),
                        ],
                        editable=False,
                        max_length=10,
                    ),
                ),
                ("decided_by", models.CharField(blank=True, editable=False, max_length=24)),
                ("decided_at", models.DateTimeField(editable=False, null=True)),
                (
                    "note",
                    models.TextField(
                        blank=True, editable=False, verbose_name="note for moderators"
                    ),
                ),
            ],
            options={
                "verbose_name": "report",
                "verbose_name_plural": "reports",
                "indexes": [
                    models.Index(fields=["is_open", "id"], name="report_by_state"),
                    models.Index(fields=["person", "id"], name="report_by_person"),
                    models.Index(fields=["about"], name="report_by_about"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_open", True)),
                        fields=("reporter", "about"),
                        name="one_open_report",
                    )
                ],
            },
        ),
    ]
