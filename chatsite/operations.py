"""What migrations and models have on one database only."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.db.migrations import AddIndex
from django.db.migrations.operations.base import Operation
from django.db.models import Index


def on_mongodb(*indexes: Index) -> list[Index]:
    """For a model's Meta. There, the index of a unique constraint finds nothing: it is a partial
    one, over the types of its fields. SQL databases use it, and a second one would have to be
    written to with every row.
    """
    return list(indexes) if settings.MONGODB else []


class AddIndexOnMongoDB(AddIndex):
    """Of `on_mongodb`. On SQL databases the model does not have it either: SQLite makes a table
    anew for many changes, with all indexes of the model.
    """

    def state_forwards(self, app_label: str, state: Any) -> None:
        if settings.MONGODB:
            super().state_forwards(app_label, state)

    def database_forwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        if settings.MONGODB:
            super().database_forwards(app_label, schema_editor, *states)

    def database_backwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        if settings.MONGODB:
            super().database_backwards(app_label, schema_editor, *states)


class KeepIndexOnMongoDB(Operation):
    """An index of `on_mongodb` that was everywhere before."""

    def __init__(self, model_name: str, index: Index) -> None:
        self.model_name = model_name
        self.index = index

    def state_forwards(self, app_label: str, state: Any) -> None:
        if not settings.MONGODB:
            state.remove_index(app_label, self.model_name, self.index.name)

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if not settings.MONGODB:
            model = from_state.apps.get_model(app_label, self.model_name)
            schema_editor.remove_index(model, self.index)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        if not settings.MONGODB:
            model = to_state.apps.get_model(app_label, self.model_name)
            schema_editor.add_index(model, self.index)

    def describe(self) -> str:
        return f"Keep the index {self.index.name} on MongoDB only"


class DropOnSQL(Operation):
    """Indexes of `on_mongodb` that SQLite has made all the same."""

    reversible = True

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names

    def state_forwards(self, app_label: str, state: Any) -> None:
        """No model has them."""

    def database_forwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        for name in () if settings.MONGODB else self.names:
            schema_editor.execute(f"DROP INDEX IF EXISTS {schema_editor.quote_name(name)}")

    def database_backwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        """Nobody needs them back."""

    def describe(self) -> str:
        return "Drop indexes that are for MongoDB"
