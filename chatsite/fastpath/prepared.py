"""SQL that Django made, run past the wrappers around its cursors, which take longer than that.

The adapter to what Django keeps private of it: the compilers of queries, and the inside of its
connection. Its public interface neither gives the SQL of a query apart from its values
(`str(queryset.query)` writes them in, unquoted) nor has the server keep a plan.
"""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec
import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import CharField, DateTimeField, Expression, Model, QuerySet
from django.db.models.sql import InsertQuery, UpdateQuery

Row = tuple[Any, ...]
Values = Mapping[str, Any]


class Parameter(Expression):
    """Where a value goes that comes with each run."""

    def __init__(self, name: str) -> None:
        super().__init__(output_field=CharField())
        self.name = name

    def __str__(self) -> str:
        """Else a lookup that makes texts of what it is given (that of a relation, `_id__in`) would
        look for the text of this.
        """
        raise TypeError(f"the value of {self.name} is not known yet")

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self]


class Prepared:
    def __init__(
        self, sql: str, params: Sequence[Any], converters: Mapping[int, Any] | None = None
    ) -> None:
        self._sql = sql
        self._sqlite_sql = sql % (("?",) * len(params))
        self._params = [(p.name, None) if isinstance(p, Parameter) else ("", p) for p in params]
        self._converters = converters or {}

    def rows(self, values: Values) -> list[Row]:
        database = database_here()
        with database.wrap_database_errors:
            rows: list[Row] = self._run(database, values).fetchall()
        return [self._converted(list(row)) for row in rows] if self._converters else rows

    def _run(self, database: Any, values: Values) -> Any:
        if database.force_debug_cursor:
            return database.cursor().execute(self._sql, self._adapted(database, values))
        _make_ready(database)
        if database.vendor == "sqlite":
            return database.connection.execute(self._sqlite_sql, self._sqlite_arguments(values))
        try:
            return _cursor(database).execute(self._sql, self._arguments(values), prepare=True)
        except psycopg.errors.FeatureNotSupported:  # a column has another type since
            if database.in_atomic_block:
                raise  # the end of it forgets all plans
        database.connection.execute("DEALLOCATE ALL")
        return _cursor(database).execute(self._sql, self._arguments(values), prepare=True)

    def run_all(self, database: Any, many: Iterable[Values]) -> None:
        if database.force_debug_cursor:
            arguments = [self._adapted(database, values) for values in many]
            database.cursor().executemany(self._sql, arguments)
        elif database.vendor == "sqlite":
            arguments = [self._sqlite_arguments(values) for values in many]
            database.connection.executemany(self._sqlite_sql, arguments)
        else:
            _cursor(database).executemany(self._sql, [self._arguments(values) for values in many])

    def _arguments(self, values: Values) -> list[Any]:
        return [values[name] if name else constant for name, constant in self._params]

    def _sqlite_arguments(self, values: Values) -> list[Any]:
        return [
            _as_text(value) if type(value) is datetime else value
            for value in self._arguments(values)
        ]

    def _adapted(self, database: Any, values: Values) -> list[Any]:
        """For Django's own cursor."""
        return (
            self._sqlite_arguments(values)
            if database.vendor == "sqlite"
            else self._arguments(values)
        )

    def _converted(self, row: list[Any]) -> Row:
        for index, convert in self._converters.items():
            row[index] = convert(row[index])
        return tuple(row)


class Packed(Prepared):
    """Many rows as SQLite stores them, each a JSON array, fetched as one text: else each lets go of
    the interpreter, which others then have, and is converted by Python.
    """

    def __init__(self, sql: str, params: Sequence[Any]) -> None:
        packed = f"WITH packed(line) AS ({sql}) SELECT group_concat(line) FROM packed"  # noqa: S608  Django made it
        super().__init__(packed, params)

    def rows(self, values: Values) -> list[Row]:
        return _unpack(f"[{super().rows(values)[0][0] or ''}]")


_unpack = msgspec.json.Decoder(list[tuple[Any, ...]]).decode


def run_all(runs: Iterable[tuple[Prepared, Iterable[Values]]]) -> None:
    """Each statement in as many runs as it has values. In one round trip to the database."""
    database = database_here()
    _make_ready(database)
    with database.wrap_database_errors, _pipeline(database):
        for statement, many in runs:
            statement.run_all(database, many)


def _pipeline(database: Any) -> AbstractContextManager[object]:
    """In which PostgreSQL's results are awaited at the end."""
    if database.vendor == "sqlite" or database.force_debug_cursor:
        return nullcontext()
    return database.connection.pipeline()  # type: ignore[no-any-return]


def _make_ready(database: Any) -> None:
    if database.needs_rollback:
        database.validate_no_broken_transaction()
    if database.connection is None:
        database.ensure_connection()


def _cursor(database: Any) -> Any:
    """PostgreSQL's, which has the server keep its plan: Django's would fill in the values here, and
    let it plan anew each time.
    """
    return psycopg.Cursor(database.connection)


class _Local(threading.local):
    database: Any = None


_local = _Local()


def database_here() -> Any:
    """This thread's connection, which Django keeps for the thread too, but looks up each time."""
    if _local.database is None:
        _local.database = connections[DEFAULT_DB_ALIAS]
    return _local.database


def driver_connection() -> object:
    """The driver's connection, while there is one."""
    return database_here().connection


def was_broken() -> bool:
    """Whether the connection broke since it was used last. The next statement gets another one.

    Django's `close_old_connections` would close one that is well, too, by the age of it.
    """
    database = database_here()
    if database.connection is None or not database.errors_occurred:
        return False
    if database.is_usable():
        database.errors_occurred = False
        return False
    database.close()
    return True


def connect_past_the_pool(seconds: float) -> None:
    """To PostgreSQL: its pool reports nothing but a timeout. Raises DatabaseError,
    InterfaceError.
    """
    database = database_here()
    params = {**database.get_connection_params(), "connect_timeout": seconds}
    params.pop("pool", None)
    with database.wrap_database_errors, database.Database.connect(**params):
        pass


def prepare_select(queryset: QuerySet[Any, Any], *, converted: bool = True) -> Prepared:
    """Of values_list; unless `converted`, the rows come as they are stored."""
    compiler = queryset.query.get_compiler(connection=database_here())
    sql, params = compiler.as_sql()
    return Prepared(sql, params, _converters_of(compiler) if converted else None)


def prepare_packed(queryset: QuerySet[Any, Any]) -> Packed:
    """Of a values_list of one JSON array."""
    return Packed(*_sql_of(queryset.query))


def prepare_update(queryset: QuerySet[Any, Any], changes: Values) -> Prepared:
    query: Any = queryset.query.chain(UpdateQuery)
    query.add_update_values(changes)
    return Prepared(*_sql_of(query))


def prepare_insert(row: Model) -> Prepared:
    query: Any = InsertQuery(type(row))
    query.insert_values(row._meta.local_concrete_fields, [row])
    [(sql, params)] = _sql_of(query)
    return Prepared(sql, params)


def names_of(queryset: QuerySet[Any, Any]) -> tuple[str, ...]:
    """What values_list was given."""
    return tuple(queryset.query.selected or ())


def _sql_of(query: Any) -> Any:
    return query.get_compiler(connection=database_here()).as_sql()


def _converters_of(compiler: Any) -> dict[int, Callable[[Any], Any]]:
    """By index in the row: what makes of the database's value the field's."""
    columns = [column for column, _sql, _alias in compiler.select]
    return {
        index: _converter(converters, column)
        for index, (converters, column) in compiler.get_converters(columns).items()
    }


def _converter(converters: Sequence[Any], column: Any) -> Callable[[Any], Any]:
    database = database_here()
    if database.vendor == "sqlite" and isinstance(column.output_field, DateTimeField):
        return _moment

    def convert(value: Any) -> Any:
        for step in converters:
            value = step(value, column, database)
        return value

    return convert


# Django's own ways to and from what SQLite stores take ten times as long.


@lru_cache(maxsize=16)  # what is stored at once is of one moment
def _as_text(moment: datetime) -> str:
    """In UTC, without saying so."""
    return str(moment.astimezone(UTC).replace(tzinfo=None))


def _moment(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None
