"""Names by which people are found."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0014_strangers")]
    operations = [
        migrations.AlterField(
            model_name="sitepolicy",
            name="lists_everybody",
            field=models.BooleanField(
                db_default=True,
                default=True,
                help_text="Otherwise people find whom they have written with, who is in a group with them, and others by their whole e-mail address or @username.",
                verbose_name="everybody is listed",
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="username",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=32, verbose_name="username"
            ),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(fields=["username"], name="user_by_username"),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.UniqueConstraint(
                condition=models.Q(username__gt=""), fields=("username",), name="one_username"
            ),
        ),
    ]
