"""Statements whose SQL Django makes once, and which then run with other values.

To make the SQL of a query takes Django longer, by far, than to run it takes the database. Each
statement is still a queryset: no SQL is written by hand, and where there is none (MongoDB), or when
the piece is left out, the queryset itself is asked.
"""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import CharField, DateTimeField, Expression, Model, QuerySet
from django.db.models.sql import InsertQuery, UpdateQuery

Row = tuple[Any, ...]
Values = Mapping[str, Any]


class Given(Expression):
    """Where a value goes that comes with each run."""

    def __init__(self, name: str) -> None:
        super().__init__(output_field=CharField())
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self]


class _Prepared:
    def __init__(
        self, sql: str, params: Sequence[Any], converters: Mapping[int, Any] | None = None
    ) -> None:
        self._sql = sql
        self._sqlite_sql = sql % (("?",) * len(params))
        self._params = [(p.name, None) if isinstance(p, Given) else ("", p) for p in params]
        self._converters = converters or {}

    def rows(self, values: Values) -> list[Row]:
        rows: list[Row] = self._run(values, fetches=True)
        return [self._converted(list(row)) for row in rows] if self._converters else rows

    def count(self, values: Values) -> int:
        """The number of rows that were found."""
        return int(self._run(values))

    def _run(self, values: Values, *, fetches: bool = False) -> Any:
        database = _database()
        given = [values[name] if name else constant for name, constant in self._params]
        if database.vendor == "sqlite" and not database.force_debug_cursor:
            cursor = self._run_on_sqlite(database, given)
            return cursor.fetchall() if fetches else cursor.rowcount
        adapt = database.ops.adapt_datetimefield_value
        params = [adapt(value) if type(value) is datetime else value for value in given]
        with database.cursor() as cursor:
            cursor.execute(self._sql, params)
            return cursor.fetchall() if fetches else cursor.rowcount

    def _run_on_sqlite(self, database: Any, given: Row | list[Any]) -> Any:
        """Past the wrappers around Django's cursor, which take longer than the statement."""
        if database.needs_rollback:
            database.validate_no_broken_transaction()
        if database.connection is None:
            database.ensure_connection()
        params = [_as_text(value) if type(value) is datetime else value for value in given]
        with database.wrap_database_errors:
            return database.connection.execute(self._sqlite_sql, params)

    def _converted(self, row: list[Any]) -> Row:
        for place, convert in self._converters.items():
            row[place] = convert(row[place])
        return tuple(row)


class _Statement:
    """`build` makes the query from what identifies its shape (by place: it becomes part of the SQL)
    and from values (by name).
    """

    def __init__(self, build: Callable[..., Any]) -> None:
        self._build = build
        self._prepared: dict[tuple[Any, ...], _Prepared] = {}

    def _prepare(self, shape: tuple[Any, ...], names: Iterable[str]) -> _Prepared:
        key = (*shape, *names)
        prepared = self._prepared.get(key)
        if prepared is None:
            built = self._build(*shape, **{name: Given(name) for name in names})
            prepared = self._prepared[key] = self._compile(built)
        return prepared

    def _compile(self, built: Any) -> _Prepared:
        raise NotImplementedError


class Select(_Statement):
    """Of a queryset of values_list."""

    def rows(self, *shape: Any, **values: Any) -> list[Row]:
        if not _prepares():
            return list(self._build(*shape, **values))
        return self._prepare(shape, values).rows(values)

    def first(self, *shape: Any, **values: Any) -> Row | None:
        """Of a query for at most one row."""
        rows = self.rows(*shape, **values)
        return rows[0] if rows else None

    def _compile(self, built: QuerySet[Any, Any]) -> _Prepared:
        compiler = built.query.get_compiler(connection=_database())
        sql, params = compiler.as_sql()
        columns = [column for column, _sql, _alias in compiler.select]
        return _Prepared(sql, params, _converters(compiler, columns))


class Get(Select):
    """Of a queryset of models that finds one at most."""

    def one(self, **values: Any) -> Any:
        """The model, or None."""
        if not _prepares():
            return next(iter(self._build(**values)[:1]), None)
        row = self.first(**values)
        return row and self._model.from_db(DEFAULT_DB_ALIAS, self._names, row)

    def _compile(self, built: QuerySet[Any, Any]) -> _Prepared:
        self._model = built.model
        self._names = [field.attname for field in built.model._meta.concrete_fields]
        return super()._compile(built.values_list(*self._names))


class Update(_Statement):
    """Of a queryset and what to set, by field."""

    def run(self, *shape: Any, **values: Any) -> int:
        """The number of rows that the queryset found."""
        if not _prepares():
            queryset, changes = self._build(*shape, **values)
            return int(queryset.update(**changes))
        return self._prepare(shape, values).count(values)

    def _compile(self, built: tuple[QuerySet[Any, Any], Values]) -> _Prepared:
        queryset, changes = built
        query: Any = queryset.query.chain(UpdateQuery)
        query.add_update_values(changes)
        sql, params = query.get_compiler(connection=_database()).as_sql()
        return _Prepared(sql, params)


class Insert(_Statement):
    """Of a new row of `model`, all fields from the instance."""

    def __init__(self, model: type[Model]) -> None:
        super().__init__(model)
        self._model = model

    def run(self, row: Model) -> None:
        if not _prepares():
            row.save(force_insert=True)
            return
        self._prepare((), self._names).count(vars(row))
        row._state.adding = False

    @cached_property
    def _fields(self) -> Sequence[Any]:
        return self._model._meta.local_concrete_fields

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(field.attname for field in self._fields)

    def _compile(self, built: Model) -> _Prepared:
        query = InsertQuery(self._model)
        query.insert_values(self._fields, [built])
        ((sql, params),) = query.get_compiler(connection=_database()).as_sql()
        return _Prepared(sql, params)


def _prepares() -> bool:
    return settings.FAST.statements and _database().vendor != "mongodb"


class _Local(threading.local):
    database: Any = None


_local = _Local()


def _database() -> Any:
    """This thread's connection, which Django keeps for the thread too, but looks up each time."""
    if _local.database is None:
        _local.database = connections[DEFAULT_DB_ALIAS]
    return _local.database


def _converters(compiler: Any, columns: Sequence[Any]) -> dict[int, Callable[[Any], Any]]:
    """By place in the row: what makes of the database's value the field's."""
    return {
        place: _converter(converters, column)
        for place, (converters, column) in compiler.get_converters(columns).items()
    }


def _converter(converters: Sequence[Any], column: Any) -> Callable[[Any], Any]:
    database = _database()
    if database.vendor == "sqlite" and isinstance(column.output_field, DateTimeField):
        return _moment

    def convert(value: Any) -> Any:
        for step in converters:
            value = step(value, column, database)
        return value

    return convert


# Django's own ways to and from what SQLite stores take ten times as long.


def _as_text(moment: datetime) -> str:
    """In UTC, without saying so."""
    return str(moment.astimezone(UTC).replace(tzinfo=None))


def _moment(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None
