"""How people are notified, and the push subscriptions of their browsers."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import chatsite.db
import chatsite.keys


class Migration(migrations.Migration):
    dependencies = [("accounts", "0019_tokens_and_usernames")]
    operations = [
        migrations.AddField(
            model_name="user",
            name="notifications",
            field=models.TextField(blank=True, db_default="", default="", editable=False),
        ),
        migrations.CreateModel(
            name="PushSubscription",
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
                ("endpoint", models.CharField(max_length=1000)),
                ("p256dh", models.CharField(max_length=100)),
                ("auth", models.CharField(max_length=40)),
                ("created_at", models.DateTimeField(default=chatsite.db.now)),
                (
                    "session",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="push_subscription",
                        to="accounts.session",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="push_subscriptions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["endpoint"], name="push_subscription_by_end")],
            },
        ),
    ]
