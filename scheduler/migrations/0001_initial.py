"""The table of jobs."""

import chatsite.db
import chatsite.keys
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Job",
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
                ("kind", models.CharField(editable=False, max_length=50, verbose_name="kind")),
                (
                    "name",
                    models.CharField(
                        default=chatsite.keys.new_key,
                        editable=False,
                        max_length=100,
                        unique=True,
                        verbose_name="name",
                    ),
                ),
                ("payload", models.TextField(editable=False)),
                ("run_at", models.DateTimeField(editable=False, null=True, verbose_name="due")),
                ("claim", models.CharField(blank=True, editable=False, max_length=24)),
                (
                    "attempts",
                    models.PositiveIntegerField(default=0, editable=False, verbose_name="tries"),
                ),
                (
                    "error",
                    models.CharField(
                        blank=True, editable=False, max_length=300, verbose_name="error"
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=chatsite.db.now, editable=False, verbose_name="made"
                    ),
                ),
            ],
            options={
                "verbose_name": "job",
                "verbose_name_plural": "jobs",
                "indexes": [models.Index(fields=["run_at"], name="job_run_at")],
            },
        ),
    ]
