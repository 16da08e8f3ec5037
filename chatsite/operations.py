"""What migrations do on one database only."""

from typing import Any

from django.db.migrations import AddIndex


class AddIndexOnMongoDB(AddIndex):
    """There, the index of a unique constraint finds nothing: it is a partial one, over the types of
    its fields. SQL databases use it, and need no second one.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        if schema_editor.connection.vendor == "mongodb":
            super().database_forwards(app_label, schema_editor, *states)

    def database_backwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        if schema_editor.connection.vendor == "mongodb":
            super().database_backwards(app_label, schema_editor, *states)
