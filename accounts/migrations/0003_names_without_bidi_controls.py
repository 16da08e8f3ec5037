"""Names from before they lost the characters that turn the direction of what is beside them."""

from django.db import migrations

from chatsite.text import folded, one_line


def rewrite(apps, schema_editor):
    people = apps.get_model("accounts", "User").objects
    for key, name in list(people.values_list("pk", "full_name")):
        shown = one_line(name)
        if shown not in (name, ""):
            people.filter(pk=key).update(full_name=shown, sort_name=folded(shown))


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_canonical_addresses")]
    operations = [migrations.RunPython(rewrite, migrations.RunPython.noop)]
