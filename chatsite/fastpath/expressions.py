"""Values as they go over the wire, made by the database itself: to make Python's own of them first
takes ten times as long.
"""

from typing import Any, ClassVar

import msgspec
from django.db.models import BooleanField, CharField, Expression, Func, TextField
from django.db.models.functions import Cast, JSONObject


class WireTimestamp(Func):
    """As `wire.timestamp`."""

    output_field = CharField()
    arity = 1

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Of `2024-01-15 10:35:00.123000`, whose fraction may be missing."""
        moment, params = compiler.compile(self.source_expressions[0])
        sql = f"substr({moment}, 1, 10) || 'T' || substr({moment} || '.000', 12, 12) || 'Z'"
        return sql, [*params, *params]

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = (
            """to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""
        )
        return self.as_sql(compiler, connection, template=template)


class EmptyText(Expression):
    """As the conditions of indexes spell it: SQLite takes such an index for a query that says the
    same, not for one that is given the same.
    """

    output_field = CharField()

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "''", []


class WireFalse(Expression):
    """SQLite has no word of its own for it."""

    output_field = BooleanField()

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "false", []

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return "json('false')", []


class WireObject(JSONObject):
    """A JSON object as text, its fields in their order, without white space."""

    output_field: ClassVar[Any] = TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(
            compiler, connection, template="CAST(%(function)s(%(expressions)s) AS text)"
        )

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Of the type `json`: `jsonb` has an order of its own."""
        copy = self.copy()
        keys_and_values = copy.get_source_expressions()
        keys_and_values[::2] = [Cast(key, TextField()) for key in keys_and_values[::2]]
        copy.set_source_expressions(keys_and_values)
        template = "JSON_BUILD_OBJECT(%(expressions)s)::text"
        return copy.as_sql(compiler, connection, template=template)

    def get_db_converters(self, connection: Any) -> list[Any]:
        return [_compact] if connection.vendor == "postgresql" else []


def _compact(text: str, *_: Any) -> str:
    return str(msgspec.json.format(text, indent=-1))
