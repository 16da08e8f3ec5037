"""Statements whose SQL Django makes once, and which then run with other values.

To make the SQL of a query takes Django longer, by far, than to run it takes the database. Each
statement is still a queryset: no SQL is written by hand, and where there is none (MongoDB), or when
the piece is left out, the queryset itself runs.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache, cached_property
from typing import Any

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS
from django.db.models import Case, Model, QuerySet, TextField, Value, When
from django.db.models.functions import Coalesce, JSONArray, NullIf
from django.db.models.lookups import IsNull

from chatsite.fastpath.prepared import (
    Parameter,
    Prepared,
    Row,
    Values,
    database_here,
    names_of,
    prepare_insert,
    prepare_packed,
    prepare_select,
    prepare_update,
    run_all,
)

ROOM = 64  # values that one statement looks for


def can_prepare() -> bool:
    """Else the querysets themselves run."""
    return settings.FAST.statements and database_here().vendor != "mongodb"


class _Statement:
    """`build` makes the query from what identifies its shape (by place: it becomes part of the SQL)
    and from values (by name).
    """

    def __init__(self, build: Callable[..., Any]) -> None:
        self._build = build
        self._prepared: dict[tuple[Any, ...], Prepared] = {}

    def _prepare(self, shape: tuple[Any, ...], names: Iterable[str]) -> Prepared:
        key = (*shape, *names)
        prepared = self._prepared.get(key)
        if prepared is None:
            built = self._build(*shape, **{name: Parameter(name) for name in names})
            prepared = self._prepared[key] = self._compile(built)
        return prepared

    def _compile(self, built: Any) -> Prepared:
        raise NotImplementedError


class Select(_Statement):
    """Of a queryset of values_list. With `packed` many rows take less time, and may come as they
    are stored: times of SQLite are texts, its truth values numbers. Then it names each column once,
    and counts nothing. A row may then end before the last `rare` columns: those are null or "" in
    it.
    """

    def __init__(self, build: Callable[..., Any], *, packed: bool = False, rare: int = 0) -> None:
        super().__init__(build)
        self._packed = packed
        self._rare = rare

    def rows(self, *shape: Any, **values: Any) -> list[Row]:
        if not can_prepare():
            return list(self._build(*shape, **values))
        return self._prepare(shape, values).rows(values)

    def first(self, *shape: Any, **values: Any) -> Row | None:
        """Of a query for at most one row."""
        rows = self.rows(*shape, **values)
        return rows[0] if rows else None

    def _compile(self, built: QuerySet[Any, Any]) -> Prepared:
        is_sqlite = database_here().vendor == "sqlite"
        if self._packed and is_sqlite and settings.FAST.packed:
            return prepare_packed(built.values_list(self._line(names_of(built))))
        # Without converters SQLite's times would lack their zone.
        return prepare_select(built, converted=is_sqlite or not self._packed)

    def _line(self, columns: tuple[str, ...]) -> Any:
        line = JSONArray(*columns)
        if not self._rare:
            return line
        rare = [NullIf(column, Value("")) for column in columns[-self._rare :]]
        are_blank = IsNull(Coalesce(*rare, output_field=TextField()), True)
        return Case(When(are_blank, then=JSONArray(*columns[: -self._rare])), default=line)


class SelectAmong(Select):
    """Of a queryset of values_list that looks for several values, which `build` takes first; or for
    several tuples of `width` values.
    """

    def __init__(
        self,
        build: Callable[..., QuerySet[Any, Any]],
        *,
        width: int = 1,
        packed: bool = False,
        rare: int = 0,
    ) -> None:
        self._width = width
        super().__init__(
            lambda room, **given: build(self._wanted(room, given), **given),
            packed=packed,
            rare=rare,
        )

    def _wanted(self, room: int, given: dict[str, Any]) -> list[Any]:
        values = [given.pop(name) for name in _parameter_names(room * self._width)]
        return values if self._width == 1 else list(zip(*[iter(values)] * self._width, strict=True))

    def rows_among(self, wanted: Iterable[Any], **values: Any) -> list[Row]:
        """Each row once, however often its value is wanted."""
        found: list[Row] = []
        left = list(dict.fromkeys(wanted))
        while left:
            some, left = left[:ROOM], left[ROOM:]
            # The last stands in where one lacks, so that a few statements do for any number.
            room = 1 << (len(some) - 1).bit_length()
            some += some[-1:] * (room - len(some))
            if self._width > 1:
                some = [value for each in some for value in each]
            found += self.rows(
                room, **dict(zip(_parameter_names(len(some)), some, strict=True)), **values
            )
        return found


@cache
def _parameter_names(count: int) -> tuple[str, ...]:
    return tuple(f"_{number}" for number in range(count))


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
    """Of a queryset and what to set, by field: for `run_batch`."""

    def run_each(self, many: Sequence[Values]) -> None:
        for values in many:
            queryset, changes = self._build(**values)
            queryset.update(**changes)

    def prepared(self, values: Values) -> Prepared:
        return self._prepare((), values)

    def _compile(self, built: tuple[QuerySet[Any, Any], Values]) -> Prepared:
        return prepare_update(*built)


class Insert(_Statement):
    """Of new rows of `model`, all fields by attname: for `run_batch`."""

    def __init__(self, model: type[Model]) -> None:
        super().__init__(model)
        self._model = model

    def run_each(self, many: Sequence[Values]) -> None:
        self._model._default_manager.bulk_create(self._model(**values) for values in many)

    def prepared(self, _values: Values) -> Prepared:
        return self._prepare((), self._names)

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(field.attname for field in self._model._meta.local_concrete_fields)

    def _compile(self, built: Model) -> Prepared:
        return prepare_insert(built)


def run_batch(*runs: tuple[Update | Insert, Sequence[Values]]) -> None:
    """Each for its values, which have the same names; in this order, in one round trip."""
    runs = tuple((statement, many) for statement, many in runs if many)
    if can_prepare():
        run_all((statement.prepared(many[0]), many) for statement, many in runs)
        return
    for statement, many in runs:
        statement.run_each(many)
