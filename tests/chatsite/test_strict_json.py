"""JSON that is none, or that is made to keep others waiting."""

import pytest

from chatsite.strict_json import PARTS, loads


def test_what_is_json_is_read() -> None:
    assert loads('{"a": [1, "ü", null]}') == {"a": [1, "ü", None]}


def test_a_large_text_is_no_large_structure() -> None:
    assert len(loads('"' + "x" * 10_000_000 + '"')) == 10_000_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "NaN",
        "[Infinity]",
        "[" * 10_000,
        "[" + "[]," * PARTS + "[]]",
        "[" + "1," * PARTS + "1]",
        "\ufeff{}",
    ],
    ids=["nothing", "half", "nan", "infinity", "deep", "lists", "numbers", "mark"],
)
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        loads(text)
