"""The picture of people who have uploaded none."""

from urllib.parse import unquote
from xml.etree import ElementTree

import pytest
from django.test import Client

from chatsite.keys import new_key
from chatsite.pictures import avatars


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ada Lovelace", "AL"),
        ("ada lovelace", "AL"),
        ("Ada King Lovelace", "AL"),
        ("Ada", "A"),
        ("  Ada  ", "A"),
        ("Émile Zola", "ÉZ"),
        ("e\u0301mile zola", "E\u0301Z"),
        ("Øyvind Ås", "ØÅ"),
        ("Анна Каренина", "АК"),
        ("Γιώργος Σεφέρης", "ΓΣ"),
        ("ßeta", "SS"),
        ("张伟", "张"),
        ("محمد علي", "ع"),
        ("דוד לוי", "ל"),
        ("ฐิติ", "ฐิ"),
        ("7 Eleven", "E"),
        ("👩‍🚀", "👩"),
        ("👍 Ada", "A"),
        ("(Ada) [Lovelace]", "AL"),
        ("!!!", "!"),
        ("/", "?"),
        ("\u0301", "?"),
        ("", "?"),
        ("   ", "?"),
    ],
)
def test_initials(name: str, letters: str) -> None:
    assert avatars.initials(name) == letters


@pytest.mark.parametrize(
    "name",
    [
        "Ada Lovelace",
        "张伟",
        "👩‍🚀",
        "",
        "/",
        "//",
        "..",
        "<b>",
        "& &",
        "'\"",
        "%",
        "%2F",
        "?#",
        "\\",
    ]
    + ["e\u0301", "\u202e", "\x07", "{hue}", "{0}", "\ufdfa \ufdfa", "ﬃ ﬃ", "x" * 500],
)
def test_the_address_leads_to_a_drawing(name: str) -> None:
    path = avatars.path_of(new_key(), name)
    response = Client().get(path)
    assert response.status_code == 200, unquote(path)
    drawn = ElementTree.fromstring(response.content)
    assert avatars.initials(name) in "".join(drawn.itertext())


def test_the_same_key_has_the_same_colour() -> None:
    key = new_key()
    assert avatars.path_of(key, "Ada") == avatars.path_of(key, "Ada")


def test_keys_that_follow_each_other_differ_in_colour() -> None:
    paths = {avatars.path_of(f"{'0' * 18}{number:06x}", "Ada") for number in range(12)}
    assert len(paths) == len(avatars.HUES)


@pytest.mark.parametrize("letters", ["%3Cscript%3E", "%22%3E%3Cb", "%26lt;", "]]%3E"])
def test_nothing_in_the_address_becomes_markup(letters: str) -> None:
    response = Client().get(f"/media/avatars/0/{letters}.svg")
    if response.status_code == 200:
        drawn = ElementTree.fromstring(response.content)
        assert {element.tag.rpartition("}")[2] for element in drawn.iter()} == {
            *("svg", "style", "rect", "text")
        }


def test_the_picture_of_saved_messages_is_a_bookmark() -> None:
    drawn = ElementTree.fromstring(Client().get(avatars.BOOKMARK).content)
    tags = [element.tag.rpartition("}")[2] for element in drawn.iter()]
    assert tags == ["svg", "style", "rect", "svg", "path"]


@pytest.mark.parametrize("path", ["/media/avatars/3/AL.svg", avatars.BOOKMARK])
def test_it_can_be_kept_for_ever_and_runs_nothing(path: str) -> None:
    headers = Client().get(path).headers
    assert headers["Content-Type"] == "image/svg+xml"
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(
    "path", ["12/A", "-1/A", "x/A", f"{10**30}/A", "0/ABCDEFGHI", "0/", "0/a/b"]
)
def test_other_addresses_are_404(path: str) -> None:
    assert Client().get(f"/media/avatars/{path}.svg").status_code == 404


def test_it_cannot_be_written_to() -> None:
    assert Client().post("/media/avatars/0/A.svg").status_code == 405
