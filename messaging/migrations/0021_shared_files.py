"""Marks the messages that have a picture or another file, and indexes them."""

from typing import Any

from django.db import migrations, models
from django.db.models import Q

from chatsite import strict_json

BATCH = 2000


def mark_files(apps: Any, schema_editor: Any) -> None:
    """Reads each message once, in the order of keys, and updates those with a picture or a file.
    After an interruption it starts again from the beginning, which does no harm.
    """
    messages = apps.get_model("messaging", "Message").objects
    columns = ("pk", "image", "attachments")
    batch = [("", "", "")]
    while batch:
        after = batch[-1][0]
        batch = list(messages.filter(pk__gt=after).order_by("pk").values_list(*columns)[:BATCH])
        pictures, files = [], []
        for key, image, attachments in batch:
            shown = [_is_picture(each) for each in strict_json.loads(attachments or "[]")]
            if image or True in shown:
                pictures.append(key)
            if False in shown:
                files.append(key)
        if pictures:
            messages.filter(pk__in=pictures).update(has_picture=True)
        if files:
            messages.filter(pk__in=files).update(has_file=True)


def _is_picture(file: dict[str, Any]) -> bool:
    return file["kind"] == "picture" and file.get("thumbnail", False)


class Migration(migrations.Migration):
    dependencies = [("messaging", "0020_attachment_room")]
    operations = [
        migrations.AddField(
            model_name="message",
            name="has_picture",
            field=models.BooleanField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="message",
            name="has_file",
            field=models.BooleanField(editable=False, null=True),
        ),
        migrations.RunPython(mark_files, migrations.RunPython.noop, elidable=True),
        migrations.RemoveIndex(model_name="message", name="shared_pictures"),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=Q(has_picture=True),
                fields=["conversation", "seq"],
                name="shared_pictures",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=Q(has_file=True), fields=["conversation", "seq"], name="shared_files"
            ),
        ),
    ]
