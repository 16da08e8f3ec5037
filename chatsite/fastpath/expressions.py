"""Values as they go over the wire, made by the database itself: to make Python's own of them first
takes ten times as long.
"""

import json
from collections.abc import Iterator
from typing import Any, ClassVar

from django.db.models import CharField, Expression, Func, Subquery, TextField, Value


class WireTimestamp(Func):
    """As `wire.timestamp`."""

    output_field = CharField()
    arity = 1

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template=f"substr({_LONG}, 1, 23) || 'Z'")

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = (
            """to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""
        )
        return self.as_sql(compiler, connection, template=template)


# Of `2024-01-15 10:35:00.123000`, whose fraction may be missing: the first 23 characters are it.
_LONG = "replace(%(expressions)s || '.000', ' ', 'T')"


class _LongTimestamp(Func):
    """For SQLite's `printf`, which cuts in passing."""

    template = _LONG
    output_field = CharField()


class WireKey(Func):
    """A text in which nothing has to be escaped, such as a key."""

    template = "%(expressions)s"
    output_field = CharField()
    arity = 1

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Which wants to be told that what is given is one."""
        return self.as_sql(compiler, connection, template="(%(expressions)s)::text")


class WireText(Func):
    """Any text, quoted."""

    output_field = TextField()
    arity = 1

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, function="json_quote")

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="to_json((%(expressions)s)::text)::text")


class WireTextOrNull(WireText):
    """Null when it is empty."""

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self._or_null(compiler, super().as_sqlite(compiler, connection, **context))

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self._or_null(compiler, super().as_postgresql(compiler, connection, **context))

    def _or_null(self, compiler: Any, quoted: Any) -> Any:
        text, params = compiler.compile(self.source_expressions[0])
        return f"CASE {text} WHEN '' THEN 'null' ELSE {quoted[0]} END", (*params, *quoted[1])


class WireFields(Func):
    """What is between the braces of a JSON object, in its order, without white space.

    A field is a number, another expression of this module, or a constant. Databases have functions
    of their own for it, which take longer, and PostgreSQL's write white space.
    """

    output_field: ClassVar[Any] = TextField()
    form = "%s"

    def __init__(self, **fields: Any) -> None:
        self._constants = {name: value for name, value in fields.items() if _is_constant(value)}
        self._names = list(fields)
        super().__init__(*(value for value in fields.values() if not _is_constant(value)))

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        values = [
            _LongTimestamp(*value.source_expressions) if isinstance(value, WireTimestamp) else value
            for value in self.source_expressions
        ]
        return self._written("printf", values).as_sql(compiler, connection)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self._written("format", self.source_expressions).as_sql(compiler, connection)

    def _written(self, function: str, values: list[Any]) -> Func:
        form = self.form % ",".join(self._forms(values))
        return Func(Value(form), *values, function=function, output_field=self.output_field)

    def _forms(self, values: list[Any]) -> Iterator[str]:
        left = iter(values)
        for name in self._names:
            constant = name in self._constants
            form = json.dumps(self._constants[name]) if constant else _form(next(left))
            yield f'"{name}":{form}'


class WireObject(WireFields):
    """A JSON object as text."""

    form = "{%s}"


def _is_constant(value: Any) -> bool:
    return value is None or isinstance(value, bool)


def _form(value: Any) -> str:
    if isinstance(value, _LongTimestamp):
        return '"%.23sZ"'
    return '"%s"' if isinstance(value, WireKey | WireTimestamp) else "%s"


class Lines(Subquery):
    """The column `line` of a query as one text, a line for each row, in their order."""

    output_field: ClassVar[Any] = TextField()
    template = "(SELECT string_agg(line, chr(10)) FROM (%(subquery)s) AS lines)"

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "(SELECT group_concat(line, char(10)) FROM (%(subquery)s) AS lines)"
        return self.as_sql(compiler, connection, template=template)


class EmptyText(Expression):
    """As the conditions of indexes spell it: SQLite takes such an index for a query that says the
    same, not for one that is given the same.
    """

    output_field = CharField()

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "''", []
