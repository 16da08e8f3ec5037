"""One form of an address and of a password, however they are written."""

import unicodedata
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.canonical import (
    canonical_email,
    canonical_password,
    is_email,
    password_forms,
    readable_email,
)

BUECHER = "ann@xn--bcher-kva.example"
SAME = [
    (BUECHER, "ann@bücher.example"),
    (BUECHER, " ANN@BÜCHER.example "),
    (BUECHER, unicodedata.normalize("NFD", "ann@bücher.example")),
    (BUECHER, "ann@XN--BCHER-KVA.example"),
    (BUECHER, "ａｎｎ＠ｂüｃｈｅｒ．ｅｘａｍｐｌｅ"),
    (BUECHER, "ann@bücher。example"),
    ("ann@xn--strae-oqa.example", "ann@STRAẞE.example"),
    ("ann@xn--i-7iq.example", "ann@i❤.example"),
    ("søren@example.org", "SØREN@example.org"),
    ("ren\u00e9e@example.org", "rene\u0301e@example.org"),
    ("a_b@c_d.example", "A_b@c_d.Example"),
    ("ann@xn--zzzzzzzzzz.example", "ann@xn--zzzzzzzzzz.example"),
    ("ann@xn--example-.com", "ann@xn--example-.com"),
    ("a@xn--xn--xn--a---.com", "a@xn--xn--xn--a---.com"),
]
NO_ADDRESS = [
    "ann\u200b@example.org",
    "an\u00adn@example.org",
    "ann@exam\u2060ple.org",
    "ann@exam\u200dple.org",
    "ann@\u202eexample.org",
    "ann\u3164@example.org",
    "ann\ufe0f@example.org",
    "ann\x07@example.org",
    "ann\u3000b@example.org",
    "ann@exa mple.org",
    "ann@example\uff0corg",
    "ann＠b＠example.org",
    "ann@\ue000.example",
    "ann@example..org",
    "ann@example.org。",
    "ann@\u2100.com",
    "@",
    "\x00",
    "\ud800@example.org",
    "é" * 10**7,
]


@pytest.mark.parametrize(("address", "written"), SAME, ids=ascii)
def test_an_address_is_one_however_it_is_written(address: str, written: str) -> None:
    assert canonical_email(written) == address
    assert canonical_email(address) == address
    assert canonical_email(readable_email(address)) == address
    assert is_email(written)


def test_different_mailboxes_stay_apart() -> None:
    words = ["straße", "strasse", "søren", "soren", "renée", "renee", "a.b", "ab", "a+b"]
    addresses = [f"{word}@example.org" for word in words]
    assert len({canonical_email(address) for address in addresses}) == len(addresses)


@pytest.mark.parametrize("written", NO_ADDRESS, ids=lambda text: ascii(text[:30]))
def test_what_nobody_sees_or_mails_to_is_no_address(written: str) -> None:
    assert not is_email(written)


def test_the_canonical_form_of_a_canonical_form_is_itself() -> None:
    for code in range(0, 0x30000, 61):
        for written in (f"x{chr(code)}y@example.org", f"x@x{chr(code)}y.example"):
            once = canonical_email(written)
            assert canonical_email(once) == once, hex(code)


def test_a_domain_is_shown_in_its_own_script() -> None:
    assert readable_email(BUECHER) == "ann@bücher.example"
    assert readable_email("ann@example.org") == "ann@example.org"


@pytest.mark.parametrize(
    ("password", "typed"),
    [
        ("caf\u00e9 au lait", "cafe\u0301 au lait"),
        ("correct horse", "correct\u00a0horse"),
        ("correct horse", "correct\u3000horse"),
        ("Straße", "Straße"),
        ("ＡＢＣＤＥＦ", "ＡＢＣＤＥＦ"),  # its width is a part of it
        ("👩\u200d🚀👩\u200d🚀", "👩\u200d🚀👩\u200d🚀"),
    ],
    ids=ascii,
)
def test_a_password_is_one_whatever_keyboard_it_is_typed_on(password: str, typed: str) -> None:
    assert canonical_password(typed) == password
    assert password_forms(typed) == ([password, typed] if password != typed else [password])


LETTERS = st.characters(exclude_categories=["Cs"])
ADDRESSES = st.builds(
    "{}@{}.{}".format,
    *(st.text(LETTERS, min_size=1, max_size=12) for _ in range(2)),
    st.just("org"),
)
# The same ones each time, however slow the machine is.
steady = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
FORMS = ["NFC", "NFD", "NFKC", "NFKD"]


@steady
@given(ADDRESSES.filter(is_email), st.sampled_from(FORMS))
def test_every_spelling_of_an_address_is_the_same_one(written: str, form: Any) -> None:
    """Nothing that is an address stops being one."""
    address = canonical_email(written)
    domain = address.rpartition("@")[2]
    spellings = [
        unicodedata.normalize(form, written),
        f"\t{written} ",
        address.upper() if address.isascii() else address,
        readable_email(address),
    ]
    assert canonical_email(address) == address
    for spelling in spellings:
        assert is_email(spelling)
        assert canonical_email(spelling) == address
    assert domain.isascii()


@steady
@given(st.text(max_size=200), st.sampled_from(["NFC", "NFD"]))
def test_canonical_passwords_stay_as_they_are(typed: str, form: Any) -> None:
    password = canonical_password(typed)
    assert canonical_password(password) == password
    assert canonical_password(unicodedata.normalize(form, typed)) == password
    assert canonical_password(typed.replace(" ", "\u00a0")) == password
    assert bool(password) == bool(typed)
    assert set(password_forms(typed)) == {password, typed}
