"""What migrations do on one database only."""

from typing import Any

from django.db.migrations import AddIndex
from django.db.migrations.operations.base import Operation
from django.db.models import Index


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


class KeepIndexOnMongoDB(Operation):
    """An index there alone, from now on: on SQL databases another one does as well, and each that
    is there has to be written to with every row.
    """

    def __init__(self, model_name: str, index: Index) -> None:
        self.model_name = model_name
        self.index = index

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The model goes on naming it."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if schema_editor.connection.vendor != "mongodb":
            model = to_state.apps.get_model(app_label, self.model_name)
            schema_editor.remove_index(model, self.index)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if schema_editor.connection.vendor != "mongodb":
            model = to_state.apps.get_model(app_label, self.model_name)
            schema_editor.add_index(model, self.index)

    def describe(self) -> str:
        return f"Keep the index {self.index.name} on MongoDB only"
