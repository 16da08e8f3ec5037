"""Messages that disappear after a time."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("messaging", "0034_push_notices")]
    operations = [
        migrations.AddField(
            model_name="conversation",
            name="disappear_after",
            field=models.PositiveIntegerField(
                db_default=0, default=0, editable=False, verbose_name="messages disappear after"
            ),
        ),
        migrations.AddField(
            model_name="conversation",
            name="next_expiry",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="message",
            name="expires_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="disappears"),
        ),
        migrations.AddField(
            model_name="message",
            name="is_expiring",
            field=models.BooleanField(editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(is_expiring=True),
                fields=["conversation", "expires_at"],
                name="expiring_messages",
            ),
        ),
    ]
