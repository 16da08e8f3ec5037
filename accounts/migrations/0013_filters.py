"""What the rules of the site say of words, links and new accounts."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0012_restraints"),
    ]

    operations = [
        migrations.AddField(
            model_name="sitepolicy",
            name="held_words",
            field=models.TextField(
                blank=True,
                db_default="",
                default="",
                verbose_name="words and domains that are reported to moderators",
            ),
        ),
        migrations.AddField(
            model_name="sitepolicy",
            name="new_hours",
            field=models.PositiveSmallIntegerField(
                db_default=0,
                default=0,
                help_text="New accounts send no links and files to people who have not answered yet.",
                verbose_name="hours for which an account is new",
            ),
        ),
        migrations.AddField(
            model_name="sitepolicy",
            name="new_messages",
            field=models.PositiveSmallIntegerField(
                db_default=30, default=30, verbose_name="messages that a new account sends an hour"
            ),
        ),
        migrations.AddField(
            model_name="sitepolicy",
            name="refused_words",
            field=models.TextField(
                blank=True,
                db_default="",
                default="",
                help_text="One a line: ladder, buy ladders, ladders.example.",
                verbose_name="words and domains that are refused",
            ),
        ),
    ]
