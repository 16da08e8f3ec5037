"""Since when it is known that somebody reads mail at their address."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_invitations"),
    ]

    operations = [
        migrations.AddField(
            model_name="sitepolicy",
            name="confirmed_first",
            field=models.BooleanField(
                default=False,
                help_text="people begin a chat or a group. They may answer.",
                verbose_name="only with a confirmed e-mail address",
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="email_confirmed_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="confirmed"),
        ),
    ]
