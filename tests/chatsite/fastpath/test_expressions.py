"""What the database writes reads as what Python writes."""

import json
from typing import Any

import msgspec
import pytest
from django.db.models import F, OuterRef, QuerySet, Value

from accounts.models import Session, User
from chatsite.db import now
from chatsite.fastpath.expressions import (
    Lines,
    WireFields,
    WireKey,
    WireObject,
    WireText,
    WireTextOrNull,
    WireTimestamp,
)
from chatsite.fastpath.statements import Select
from chatsite.wire import timestamp
from tests.factories import make_session, make_user

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.sql_only("MongoDB's rows are read from models"),
]
CONTROLS = "".join(map(chr, [*range(1, 32), 127]))
TEXTS = [
    "plain",
    "",
    "null",
    "100 %s %d %% %(name)s",
    'quotes " and \\ and \' and \\" and {}',
    "line\nline\ttab",
    CONTROLS,
    "שלום 👋🏽 \u2028 \x85",
    "x" * 10_000,
]


def written(expression: Any, **person: Any) -> str:
    key = make_user(**person).pk
    (row,) = Select(lambda key: User.objects.filter(pk=key).values_list(expression)).rows(key=key)
    return str(row[0])


@pytest.mark.parametrize("text", TEXTS)
def test_texts_are_quoted(text: str) -> None:
    fields = {"one": WireText(Value(text)), "other": WireTextOrNull(Value(text))}
    expected = msgspec.json.encode({"one": text, "other": text or None}).decode()
    assert written(WireObject(**fields)) == expected


def test_an_object_has_its_fields_in_their_order_without_white_space() -> None:
    moment = now().replace(microsecond=120_000)
    seen = WireObject(
        b=WireText("full_name"),
        nothing=None,
        a=WireTimestamp("created_at"),
        no=False,
        yes=True,
        number=Value(7),
        key=WireKey(Value("k")),
    )
    assert written(seen, full_name="Ada, Bo: {}", created_at=moment) == (
        f'{{"b":"Ada, Bo: {{}}","nothing":null,"a":"{timestamp(moment)}","no":false,"yes":true,'
        '"number":7,"key":"k"}'
    )


@pytest.mark.parametrize("microsecond", [0, 1000, 10_000, 120_000, 999_000])
def test_a_time_in_an_object_reads_as_python_writes_it(microsecond: int) -> None:
    moment = now().replace(microsecond=microsecond)
    seen = written(WireObject(at=WireTimestamp("created_at")), created_at=moment)
    assert json.loads(seen) == {"at": timestamp(moment)}


def test_objects_hold_objects_and_fields_are_what_is_between_the_braces() -> None:
    inner = WireObject(name=WireText("full_name"))
    assert written(WireFields(a=inner, b=None), full_name="Ada") == '"a":{"name":"Ada"},"b":null'


def test_lines_are_the_rows_of_a_query_in_their_order() -> None:
    def sessions(limit: int, *, key: Any) -> QuerySet[User, Any]:
        of_user = Session.objects.filter(user_id=OuterRef("pk")).order_by("-user_agent")
        lines = of_user.annotate(line=F("user_agent")).values("line")[:limit]
        return User.objects.filter(pk=key).values_list(Lines(lines))

    agents = Select(sessions)
    ada, bo = make_user("Ada"), make_user("Bo")
    for agent in ("2", "4", "1", "3"):
        make_session(ada, user_agent=agent)
    assert agents.rows(10, key=ada.pk) == [("4\n3\n2\n1",)]
    assert agents.rows(2, key=ada.pk) == [("4\n3",)]
    assert agents.rows(2, key=bo.pk) == [(None,)]
