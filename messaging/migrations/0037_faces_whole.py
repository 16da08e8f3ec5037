"""Also the @username and the address of those whom a block parts: those of today for blocks that
were there before.
"""

from typing import Any

from django.db import migrations, models


def fill(apps: Any, _schema_editor: Any) -> None:
    users, blocks = apps.get_model("accounts", "User"), apps.get_model("messaging", "Block")
    for block in blocks.objects.all():
        people = users.objects.in_bulk([block.blocker_id, block.blocked_id])
        for who in ("blocker", "blocked"):
            # Without transactions a person may be gone whose block is not.
            if person := people.get(getattr(block, f"{who}_id")):
                setattr(block, f"{who}_username", person.username)
                setattr(block, f"{who}_email", person.email)
        block.save()


class Migration(migrations.Migration):
    dependencies = [("messaging", "0036_imports"), ("accounts", "0020_notifications")]
    operations = [
        *(
            migrations.AddField(
                model_name="block",
                name=f"{who}_{what}",
                field=models.CharField(db_default="", default="", max_length=length),
            )
            for who in ("blocker", "blocked")
            for what, length in (("username", 32), ("email", 254))
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
