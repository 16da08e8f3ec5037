"""What text from outside must be before anything is done with it."""

import pytest

from chatsite.text import folded, is_blank, is_storable, one_line

INVISIBLE = "\u2800\u3164\u115f\u1160\uffa0\ufe0f\u034f\u17b4\u180b\U0001d159\U000e0100"


@pytest.mark.parametrize("text", ["", "a", "\n\x07", "😀", "\ufffe", "\U0010ffff", "<b>", "\ue000"])
def test_storable(text: str) -> None:
    assert is_storable(text)


@pytest.mark.parametrize("text", ["\x00", "a\x00", "\ud800", "a\udfffb", "\ude00\ud83d"])
def test_not_storable(text: str) -> None:
    assert not is_storable(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\n\t\r",
        "\u00a0\u2003\u3000",
        "\u200b\u200d\ufeff",
        "\x00",
        *INVISIBLE,
        " ".join(INVISIBLE),
    ],
    ids=ascii,
)
def test_blank(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize(
    "text", ["a", " a ", ".", "\u200ba", "👍", "\u0301", "\u2800x", "é", "葵", "ㅤx", "❤\ufe0f"]
)
def test_not_blank(text: str) -> None:
    assert not is_blank(text)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (" a  b ", "a b"),
        ("a\nb\r\nc\td", "a b c d"),
        ("a\x00\x07b", "ab"),
        ("a\u2028b", "a b"),
        ("\u202egnp.\u202cAda", "gnp.Ada"),
        ("\u2067Ada\u2069 \u200fB\u061c\u200e", "Ada B"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("", ""),
        ("👩‍🚀", "👩‍🚀"),
    ],
)
def test_one_line(written: str, shown: str) -> None:
    assert one_line(written) == shown


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("Émile", "emile"),
        ("ＡＤＡ", "ada"),
        ("Straße", "strasse"),
        ("葵", "葵"),
        ("Søren Kjær", "soren kjaer"),
        ("Łukasz", "lukasz"),
        ("Þór Đorđe", "thor dorde"),
    ],
)
def test_folded(text: str, same: str) -> None:
    assert folded(text) == same


def test_folded_is_bounded() -> None:
    assert len(folded("\ufdfa" * 100)) == 200
