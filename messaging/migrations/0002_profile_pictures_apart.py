"""Profile pictures get a folder of their own, since all may see them; those of messages stay."""

import shutil
from pathlib import Path

from django.conf import settings
from django.db import migrations


def copy_to_own_folder(apps, schema_editor):
    """Copied, because the same file may belong to a message; what is left over is tidied later."""
    people = apps.get_model("accounts", "User").objects.exclude(picture="")
    for name in people.values_list("picture", flat=True):
        old = Path(settings.MEDIA_ROOT, name[:2], name)
        new = Path(settings.MEDIA_ROOT, "profiles", name[:2], name)
        if old.is_file() and not new.exists():
            new.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(old, new)


class Migration(migrations.Migration):
    dependencies = [("messaging", "0001_initial"), ("accounts", "0001_initial")]
    operations = [migrations.RunPython(copy_to_own_folder, migrations.RunPython.noop)]
