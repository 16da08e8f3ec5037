"""Histories that people bring from elsewhere."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import chatsite.db
import chatsite.keys
from chatsite.operations import AddIndexOnMongoDB


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0035_disappearing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="Import",
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
                ("stored", models.CharField(editable=False, max_length=40)),
                ("name", models.CharField(editable=False, max_length=255, verbose_name="name")),
                ("own_name", models.CharField(blank=True, editable=False, max_length=255)),
                ("zone", models.CharField(blank=True, editable=False, max_length=64)),
                ("done", models.PositiveBigIntegerField(default=0, editable=False)),
                ("total", models.PositiveBigIntegerField(default=0, editable=False)),
                (
                    "created_at",
                    models.DateTimeField(
                        default=chatsite.db.now, editable=False, verbose_name="asked for"
                    ),
                ),
                (
                    "ended_at",
                    models.DateTimeField(editable=False, null=True, verbose_name="ended"),
                ),
                (
                    "error",
                    models.CharField(
                        blank=True, editable=False, max_length=300, verbose_name="error"
                    ),
                ),
                ("report", models.TextField(blank=True, editable=False)),
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
                "verbose_name": "import",
                "verbose_name_plural": "imports",
                "indexes": [models.Index(fields=["created_at"], name="import_by_age")],
            },
        ),
        AddIndexOnMongoDB(
            model_name="import",
            index=models.Index(fields=["user"], name="import_of_person"),
        ),
        migrations.AlterField(
            model_name="conversation",
            name="kind",
            field=models.CharField(
                choices=[
                    ("direct", "direct chat"),
                    ("group", "group"),
                    ("saved", "saved messages"),
                    ("imported", "imported chat"),
                ],
                default="direct",
                editable=False,
                max_length=10,
                verbose_name="kind",
            ),
        ),
    ]
