"""A space in front of summed-up reactions says that they leave people out."""

from typing import Any

from django.db import migrations
from django.db.models import Count

NAMED = 20


def mark_left_out(apps: Any, schema_editor: Any) -> None:
    """May be repeated."""
    reactions, messages = (
        apps.get_model("messaging", name).objects for name in ("Reaction", "Message")
    )
    crowded = reactions.values("message_id").annotate(there=Count("pk")).filter(there__gt=NAMED)
    for row in crowded.order_by("message_id"):
        message = messages.filter(pk=row["message_id"]).exclude(reactions="")
        for summary in message.values_list("reactions", flat=True):
            message.update(reactions=f" {summary.lstrip()}")


class Migration(migrations.Migration):
    dependencies = [("messaging", "0022_search")]
    operations = [migrations.RunPython(mark_left_out, migrations.RunPython.noop, elidable=True)]
