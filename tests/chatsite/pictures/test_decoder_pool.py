"""Pictures that are unpacked: two at once, while the others wait, neither long nor many."""

import threading

import pytest

from chatsite.errors import DomainError
from chatsite.pictures import decoder_pool
from chatsite.pictures.decoder_pool import pooled_decoder
from chatsite.pictures.images import display_and_thumbnail, square
from tests.pictures import picture


def assert_busy() -> None:
    with pytest.raises(DomainError) as refused:
        display_and_thumbnail(picture())
    assert (refused.value.status, refused.value.code) == (503, "busy")
    assert refused.value.wait == 5
    assert refused.value.errors == {}


def test_who_waits_too_long_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder_pool, "PATIENCE", 0.01)
    with pooled_decoder():
        with pooled_decoder():
            assert_busy()
        assert square(picture()).width == 384
    assert square(picture()).width == 384


def test_who_waits_gets_the_turn_that_becomes_free() -> None:
    free = threading.Timer(0.05, lambda: taken.__exit__(None, None, None))
    with pooled_decoder():
        taken = pooled_decoder()
        taken.__enter__()
        free.start()
        assert display_and_thumbnail(picture())[0].width == 40


def test_too_many_do_not_even_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder_pool, "MAX_WAITING", 0)
    with pooled_decoder(), pooled_decoder():
        assert_busy()
    assert square(picture()).width == 384


def test_what_is_refused_gives_its_turn_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder_pool, "PATIENCE", 0)
    for _picture in range(3):
        with pytest.raises(DomainError) as refused:
            display_and_thumbnail(b"no picture")
        assert refused.value.code == "bad_picture"
    assert square(picture()).width == 384
