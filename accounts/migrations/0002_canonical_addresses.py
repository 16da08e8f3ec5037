"""Addresses in their one form. Where several accounts turn out to have the same one, the oldest gets
it, unless one is written so already; the others stay as they are written, and are found by that. So
does what earlier rules took and no address can be: too long in ASCII, or with signs that mean
something to mail servers.
"""

from django.db import migrations

from accounts.canonical import canonical_email, is_email


def rewrite(apps, schema_editor):
    people = apps.get_model("accounts", "User").objects
    for key, email in list(people.order_by("created_at", "pk").values_list("pk", "email")):
        canonical = canonical_email(email)
        if email == canonical or not is_email(canonical):
            continue
        if not people.filter(email=canonical).exists():
            people.filter(pk=key).update(email=canonical)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunPython(rewrite, migrations.RunPython.noop)]
