"""The record of moderators' acts as a chain, with all that Django's log of the admin had of them."""

from typing import Any

from django.contrib.admin.models import LogEntry
from django.db import migrations, models

from accounts.services.audit import hash_of
from chatsite.wire import timestamp

CHUNK = 500
SQLITE = """
CREATE TRIGGER audit_log BEFORE UPDATE ON accounts_auditentry
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
"""
POSTGRESQL = """
CREATE OR REPLACE FUNCTION audit_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$;
CREATE TRIGGER audit_log BEFORE UPDATE OR DELETE ON accounts_auditentry
FOR EACH ROW EXECUTE FUNCTION audit_log_is_append_only();
"""


def move(apps: Any, schema_editor: Any) -> None:
    log = apps.get_model("admin", "LogEntry").objects
    kinds = {
        key: f"{app}.{model}"
        for key, app, model in apps.get_model("contenttypes", "ContentType").objects.values_list(
            "pk", "app_label", "model"
        )
    }
    names = dict(apps.get_model("accounts", "User").objects.values_list("pk", "full_name"))
    entries = apps.get_model("accounts", "AuditEntry").objects
    # On MongoDB a migration that was interrupted is taken up again.
    last = entries.order_by("-number").first()
    number, previous = (last.number, last.hash) if last else (0, "")
    while rows := list(log.order_by("action_time", "pk")[:CHUNK]):
        made = []
        for row in rows:
            number += 1
            # As every database keeps it.
            at = row.action_time.replace(microsecond=row.action_time.microsecond // 1000 * 1000)
            values = {
                "number": number,
                "actor": row.user_id,
                "what": LogEntry(change_message=row.change_message).get_change_message(),
                "about": kinds.get(row.content_type_id, ""),
                "key": row.object_id or "",
                "name": row.object_repr,
                "previous": previous,
            }
            name = names.get(row.user_id, "")
            previous = hash_of({**values, "at": timestamp(at), "actorName": name})
            made.append({**values, "at": at, "actor_name": name, "hash": previous})
        entries.bulk_create(entries.model(**each) for each in made)
        log.filter(pk__in=[row.pk for row in rows]).delete()
    apps.get_model("accounts", "AuditHead").objects.create(pk=1, number=number, hash=previous)


def guard(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRESQL)
    if schema_editor.connection.vendor == "sqlite":
        # Not to delete: `manage.py flush` empties SQLite's tables row by row.
        schema_editor.execute(SQLITE)


def let_go(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP FUNCTION audit_log_is_append_only CASCADE")


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0010_roles"),
        ("admin", "0001_initial"),
        ("contenttypes", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditHead",
            fields=[
                (
                    "id",
                    models.PositiveSmallIntegerField(
                        db_column="_id", primary_key=True, serialize=False
                    ),
                ),
                ("number", models.PositiveBigIntegerField()),
                ("hash", models.CharField(blank=True, max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                (
                    "number",
                    models.PositiveBigIntegerField(
                        db_column="_id", primary_key=True, serialize=False, verbose_name="number"
                    ),
                ),
                ("at", models.DateTimeField(editable=False, verbose_name="time")),
                ("actor", models.CharField(editable=False, max_length=24)),
                (
                    "actor_name",
                    models.CharField(editable=False, max_length=100, verbose_name="moderator"),
                ),
                ("what", models.TextField(editable=False, verbose_name="what was done")),
                ("about", models.CharField(editable=False, max_length=100, verbose_name="kind")),
                (
                    "key",
                    models.CharField(blank=True, editable=False, max_length=24, verbose_name="key"),
                ),
                (
                    "name",
                    models.CharField(
                        blank=True, max_length=200, verbose_name="whom or what it concerns"
                    ),
                ),
                (
                    "previous",
                    models.CharField(
                        blank=True, editable=False, max_length=64, verbose_name="hash before"
                    ),
                ),
                ("hash", models.CharField(editable=False, max_length=64, verbose_name="hash")),
            ],
            options={
                "verbose_name": "entry of the record",
                "verbose_name_plural": "record",
                "indexes": [models.Index(fields=["key"], name="audit_entry_by_key")],
            },
        ),
        migrations.RunPython(move, migrations.RunPython.noop),
        migrations.RunPython(guard, let_go),
    ]
