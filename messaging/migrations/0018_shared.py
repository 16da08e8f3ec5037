"""Marks the messages that have a link, and indexes them and the pictures of a conversation."""

from typing import Any

from django.db import migrations, models
from django.db.models import Q

from chatsite.text import has_link

BATCH = 2000


def mark_links(apps: Any, schema_editor: Any) -> None:
    """Reads each message once, in the order of keys, and updates those with a link. After an
    interruption it starts again from the beginning, which does no harm.
    """
    messages = apps.get_model("messaging", "Message").objects
    batch = [("", "")]
    while batch:
        after, _text = batch[-1]
        batch = list(messages.filter(pk__gt=after).order_by("pk").values_list("pk", "text")[:BATCH])
        if keys := [key for key, text in batch if has_link(text)]:
            messages.filter(pk__in=keys).update(has_link=True)


class Migration(migrations.Migration):
    dependencies = [("messaging", "0017_saved_messages")]
    operations = [
        migrations.AddField(
            model_name="message",
            name="has_link",
            field=models.BooleanField(editable=False, null=True),
        ),
        migrations.RunPython(mark_links, migrations.RunPython.noop, elidable=True),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=Q(image__gt=""), fields=["conversation", "seq"], name="shared_pictures"
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=Q(has_link=True), fields=["conversation", "seq"], name="shared_links"
            ),
        ),
    ]
