"""Roles in place of the two flags of Django: the eldest superuser owns the site, the others are its
admins, and so is who was a superuser alone.
"""

from typing import Any

from django.db import migrations, models


def give_roles(apps: Any, schema_editor: Any) -> None:
    people = apps.get_model("accounts", "User").objects.using(schema_editor.connection.alias)
    people.filter(is_staff=True, is_superuser=False).update(role="moderator")
    people.filter(is_superuser=True).update(role="admin")
    owner = people.filter(is_superuser=True, banned_at=None).order_by("created_at", "pk").first()
    if owner:
        people.filter(pk=owner.pk).update(role="owner")


def take_roles(apps: Any, schema_editor: Any) -> None:
    people = apps.get_model("accounts", "User").objects.using(schema_editor.connection.alias)
    people.exclude(role="").update(is_staff=True)
    people.filter(role__in=["admin", "owner"]).update(is_superuser=True)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0009_session_names"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="role",
            field=models.CharField(
                blank=True,
                choices=[("moderator", "Moderator"), ("admin", "Admin"), ("owner", "Owner")],
                db_default="",
                default="",
                max_length=10,
                verbose_name="role",
            ),
        ),
        migrations.RunPython(give_roles, take_roles),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.UniqueConstraint(
                condition=models.Q(("role", "owner")), fields=("role",), name="one_owner"
            ),
        ),
        migrations.RemoveField(model_name="user", name="is_staff"),
        migrations.RemoveField(model_name="user", name="is_superuser"),
        migrations.AlterField(
            model_name="sitepolicy",
            name="members_invite",
            field=models.BooleanField(
                default=False,
                help_text="Admins always may.",
                verbose_name="everybody may invite",
            ),
        ),
    ]
