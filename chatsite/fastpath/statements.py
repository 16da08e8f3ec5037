"""Statements whose SQL Django makes once, and which then run with other values.

To make the SQL of a query takes Django longer, by far, than to run it takes the database. Each
statement is still a queryset: no SQL is written by hand, and where there is none (MongoDB), or when
the piece is left out, the queryset itself is asked.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Model, QuerySet
from django.db.models.constants import OnConflict
from django.db.models.sql import InsertQuery, UpdateQuery

from chatsite.fastpath.prepared import (
    Given,
    Packed,
    Prepared,
    Row,
    Values,
    converters_of,
    counts_of,
    database_here,
)

ROOM = 64  # values that one statement looks for
_PLACES = [f"_{number}" for number in range(ROOM)]


def can_prepare() -> bool:
    """Else the querysets are asked."""
    return settings.FAST.statements and database_here().vendor != "mongodb"


class _Statement:
    """`build` makes the query from what identifies its shape (by place: it becomes part of the SQL)
    and from values (by name).
    """

    def __init__(self, build: Callable[..., Any]) -> None:
        self._build = build
        self._prepared: dict[tuple[Any, ...], Prepared] = {}

    def prepared(self, values: Values) -> Prepared:
        return self._prepare((), values)

    def _prepare(self, shape: tuple[Any, ...], names: Iterable[str]) -> Prepared:
        key = (*shape, *names)
        prepared = self._prepared.get(key)
        if prepared is None:
            built = self._build(*shape, **{name: Given(name) for name in names})
            prepared = self._prepared[key] = self._compile(built)
        return prepared

    def _compile(self, built: Any) -> Prepared:
        raise NotImplementedError


class Select(_Statement):
    """Of a queryset of values_list. With `packed` many rows take less time, and come as they are
    stored: times of SQLite are texts, its truth values numbers.
    """

    def __init__(self, build: Callable[..., Any], *, packed: bool = False) -> None:
        super().__init__(build)
        self._packed = packed

    def rows(self, *shape: Any, **values: Any) -> list[Row]:
        if not can_prepare():
            return list(self._build(*shape, **values))
        return self._prepare(shape, values).rows(values)

    def first(self, *shape: Any, **values: Any) -> Row | None:
        """Of a query for at most one row."""
        rows = self.rows(*shape, **values)
        return rows[0] if rows else None

    def _compile(self, built: QuerySet[Any, Any]) -> Prepared:
        compiler = built.query.get_compiler(connection=database_here())
        sql, params = compiler.as_sql()
        columns = [column for column, _sql, _alias in compiler.select]
        if self._packed:
            return Packed(sql, params, len(columns))
        return Prepared(sql, params, converters_of(compiler, columns))


class SelectAmong(Select):
    """Of a queryset of values_list that looks for several values, which `build` takes first."""

    def __init__(self, build: Callable[..., QuerySet[Any, Any]], *, packed: bool = False) -> None:
        super().__init__(
            lambda room, **given: build([given.pop(n) for n in _PLACES[:room]], **given),
            packed=packed,
        )

    def rows_among(self, wanted: Iterable[Any], **values: Any) -> list[Row]:
        """Each row once, however often its value is wanted."""
        found: list[Row] = []
        left = list(dict.fromkeys(wanted))
        while left:
            some, left = left[:ROOM], left[ROOM:]
            # The last stands in where one lacks, so that a few statements do for any number.
            room = 1 << (len(some) - 1).bit_length()
            some += some[-1:] * (room - len(some))
            found += self.rows(room, **dict(zip(_PLACES, some, strict=False)), **values)
        return found


class Get(Select):
    """Of a queryset of models that finds one at most."""

    def one(self, **values: Any) -> Any:
        """The model, or None."""
        if not can_prepare():
            return next(iter(self._build(**values)[:1]), None)
        row = self.first(**values)
        return row and self._model.from_db(DEFAULT_DB_ALIAS, self._names, row)

    def _compile(self, built: QuerySet[Any, Any]) -> Prepared:
        self._model = built.model
        self._names = [field.attname for field in built.model._meta.concrete_fields]
        return super()._compile(built.values_list(*self._names))


class Update(_Statement):
    """Of a queryset and what to set, by field."""

    def run(self, *shape: Any, **values: Any) -> int:
        """The number of rows that the queryset found."""
        if not can_prepare():
            queryset, changes = self._build(*shape, **values)
            return int(queryset.update(**changes))
        return self._prepare(shape, values).count(values)

    def _compile(self, built: tuple[QuerySet[Any, Any], Values]) -> Prepared:
        queryset, changes = built
        query: Any = queryset.query.chain(UpdateQuery)
        query.add_update_values(changes)
        sql, params = query.get_compiler(connection=database_here()).as_sql()
        return Prepared(sql, params)


class Insert(_Statement):
    """Of a new row of `model`, all fields from the instance."""

    _on_conflict: OnConflict | None = None

    def __init__(self, model: type[Model]) -> None:
        super().__init__(model)
        self._model = model

    def run(self, row: Model) -> None:
        if not can_prepare():
            row.save(force_insert=True)
            return
        self.prepared(vars(row)).count(vars(row))
        row._state.adding = False

    def prepared(self, _values: Values) -> Prepared:
        return self._prepare((), self._names)

    @cached_property
    def _fields(self) -> Sequence[Any]:
        return self._model._meta.local_concrete_fields

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(field.attname for field in self._fields)

    def _compile(self, built: Model) -> Prepared:
        query = InsertQuery(self._model, on_conflict=self._on_conflict)
        query.insert_values(self._fields, [built])
        ((sql, params),) = query.get_compiler(connection=database_here()).as_sql()
        return Prepared(sql, params)


class InsertNew(Insert):
    """Of rows without those that a unique constraint forbids: for `run_at_once` alone."""

    _on_conflict = OnConflict.IGNORE


def run_at_once(*runs: tuple[Update | Insert, Sequence[Values]]) -> list[int]:
    """Each for its values, of which there are some, with the same names; in this order. Returns how
    many rows each found, or made. A server is asked once. Only if `can_prepare`.
    """
    return counts_of([(statement.prepared(many[0]), many) for statement, many in runs])
