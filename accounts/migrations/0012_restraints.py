"""Silences, bans for a time, warnings and the address for appeals."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0011_audit_log"),
    ]

    operations = [
        migrations.AddField(
            model_name="sitepolicy",
            name="appeals",
            field=models.EmailField(
                blank=True,
                db_default="",
                default="",
                help_text="Named in mails to people about whom moderators decided something.",
                max_length=254,
                verbose_name="address for appeals",
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="ban_ends_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="end of the ban"),
        ),
        migrations.AddField(
            model_name="user",
            name="silenced_until",
            field=models.DateTimeField(blank=True, null=True, verbose_name="silenced until"),
        ),
        migrations.AddField(
            model_name="user",
            name="warning",
            field=models.TextField(blank=True, db_default="", default="", editable=False),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(fields=["silenced_until"], name="silenced_people"),
        ),
    ]
