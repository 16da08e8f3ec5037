"""What browsers show of conversations in notifications."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import chatsite.keys
from chatsite.operations import AddIndexOnMongoDB


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0020_notifications"),
        ("messaging", "0033_faces"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.CreateModel(
            name="PushNotice",
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
                ("seq", models.PositiveBigIntegerField()),
                (
                    "conversation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="messaging.conversation",
                    ),
                ),
                (
                    "subscription",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to="accounts.pushsubscription",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["user", "conversation"], name="push_notices_of_person")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("subscription", "conversation"), name="one_push_notice"
                    )
                ],
            },
        ),
        AddIndexOnMongoDB(
            model_name="pushnotice",
            index=models.Index(
                fields=["subscription", "conversation"], name="push_notice_of_device"
            ),
        ),
    ]
