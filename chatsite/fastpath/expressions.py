"""Expressions that Django lacks."""

from typing import Any

from django.db.models import CharField, Expression


class EmptyText(Expression):
    """As the conditions of indexes spell it: SQLite takes such an index for a query that says the
    same, not for one that is given the same.
    """

    output_field = CharField()

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "''", []
