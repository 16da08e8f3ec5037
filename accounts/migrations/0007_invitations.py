"""Who may make an account, and invitations."""

import chatsite.db
import chatsite.keys
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_privacy"),
    ]

    operations = [
        migrations.CreateModel(
            name="SitePolicy",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(
                        db_column="_id",
                        default=1,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "sign_up",
                    models.CharField(
                        choices=[
                            ("open", "Anybody"),
                            (
                                "domains",
                                "Whoever has an e-mail address of the domains below, or an invitation",
                            ),
                            ("invitation", "Whoever has an invitation"),
                            ("closed", "Nobody"),
                        ],
                        default="open",
                        max_length=10,
                        verbose_name="who may make an account",
                    ),
                ),
                (
                    "domains",
                    models.TextField(
                        blank=True,
                        help_text="example.org, for instance; one a line.",
                        verbose_name="domains",
                    ),
                ),
                (
                    "members_invite",
                    models.BooleanField(
                        default=False,
                        help_text="Moderators always may.",
                        verbose_name="everybody may invite",
                    ),
                ),
            ],
            options={
                "verbose_name": "rules of the site",
                "verbose_name_plural": "rules of the site",
            },
        ),
        migrations.CreateModel(
            name="Invitation",
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
                ("code", models.CharField(editable=False, max_length=22, unique=True)),
                (
                    "created_at",
                    models.DateTimeField(
                        default=chatsite.db.now, editable=False, verbose_name="created"
                    ),
                ),
                ("expires_at", models.DateTimeField(verbose_name="works until")),
                ("email", models.CharField(blank=True, max_length=254, verbose_name="only for")),
                ("uses", models.PositiveIntegerField(default=1, verbose_name="accounts")),
                (
                    "used",
                    models.PositiveIntegerField(default=0, editable=False, verbose_name="used"),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invitations",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "invitation",
                "verbose_name_plural": "invitations",
                "indexes": [models.Index(fields=["expires_at"], name="invitation_by_end")],
            },
        ),
    ]
