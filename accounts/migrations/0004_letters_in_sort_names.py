"""Names are found and sorted without the strokes of letters too: "soren" finds Søren."""

from django.db import migrations, models

from chatsite.text import folded


def rewrite(apps, schema_editor):
    people = apps.get_model("accounts", "User").objects
    for key, name, before in list(people.values_list("pk", "full_name", "sort_name")):
        if folded(name) != before:
            people.filter(pk=key).update(sort_name=folded(name))


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_names_without_bidi_controls")]
    operations = [
        migrations.RunPython(rewrite, migrations.RunPython.noop),
        migrations.AlterField(  # its name in words alone
            "user",
            "ban_reason",
            models.CharField(blank=True, max_length=300, verbose_name="reason for the ban"),
        ),
    ]
