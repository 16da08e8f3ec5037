"""Exports of everything of one's own."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import chatsite.db
import chatsite.keys
from chatsite.operations import AddIndexOnMongoDB


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0030_edited_captions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="Export",
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
                ("stored", models.CharField(blank=True, editable=False, max_length=40)),
                ("done", models.PositiveBigIntegerField(default=0, editable=False)),
                ("total", models.PositiveBigIntegerField(default=0, editable=False)),
                (
                    "size",
                    models.PositiveBigIntegerField(default=0, editable=False, verbose_name="size"),
                ),
                (
                    "created_at",
                    models.DateTimeField(
                        default=chatsite.db.now, editable=False, verbose_name="asked for"
                    ),
                ),
                (
                    "ready_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="ready"),
                ),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "export",
                "verbose_name_plural": "exports",
                "indexes": [models.Index(fields=["created_at"], name="export_by_age")],
            },
        ),
        AddIndexOnMongoDB(
            model_name="export",
            index=models.Index(fields=["user"], name="export_of_person"),
        ),
    ]
