"""What other apps share, where no service worker takes it: carried on, and never stored."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from messaging.models import Message
from messaging.services.blocks import block
from messaging.views.share import MAX_ADDRESS_LENGTH
from tests.factories import make_message, make_user

pytestmark = pytest.mark.django_db
PageFor = Callable[[User], Client]
LOST = "Not everything could be taken along."
TOO_LARGE = "What you shared is larger than 10 MB"


def carried(client: Client, **shared: object) -> dict[str, list[str]]:
    """What is in the address that the answer leads to."""
    answer = client.post("/share", shared)
    assert answer.status_code == 302
    place = urlsplit(answer.headers["Location"])
    assert place.path == "/share"
    return parse_qs(place.query)


def picture() -> SimpleUploadedFile:
    return SimpleUploadedFile("view.png", b"\x89PNG", "image/png")


def test_words_are_carried_on_whoever_asks() -> None:
    """As a browser hands them over: without a token, and perhaps without a session."""
    client = Client(enforce_csrf_checks=True)
    words = {"title": "A view", "text": "Süß & more\n", "url": "https://example.org/?a=1"}
    assert carried(client, **words, other="x") == {name: [text] for name, text in words.items()}
    assert carried(client, title=" ", text="") == {}
    assert not Message.objects.exists()


def test_what_has_no_place_in_an_address_is_not_lost_without_a_word(page_for: PageFor) -> None:
    client = page_for(make_user())
    assert carried(client, text="Look", files=picture()) == {"text": ["Look"], "lost": ["1"]}
    assert carried(client, text="ü" * (MAX_ADDRESS_LENGTH // 6 + 1)) == {"lost": ["1"]}
    assert LOST in client.get("/share?lost=1").content.decode()
    assert LOST not in client.get("/share?text=Look").content.decode()
    too_large = client.get("/share?lost=size").content.decode()
    assert TOO_LARGE in too_large
    assert LOST not in too_large


def test_who_is_not_signed_in_comes_back_with_it(client: Client) -> None:
    answer = client.get("/share?text=A+%26+B")
    assert answer.status_code == 302
    [back] = parse_qs(urlsplit(answer.headers["Location"]).query)["next"]
    assert back == "/share?text=A+%26+B"


def test_it_offers_the_chats_in_which_one_can_write(page_for: PageFor) -> None:
    ada, bo, cy = make_user("Ada"), make_user("Bo Okonkwo"), make_user("Cy Weber")
    di = make_user("Di Moreau")
    make_message(bo, ada)
    make_message(cy, ada)
    block(user=ada, person=cy.pk)
    page = page_for(ada).get("/share").content.decode()
    for each, is_there in ((bo, True), (cy, False), (di, True), (ada, False)):
        assert (f'href="/chat/{each.pk}"' in page) is is_there, each.full_name
    found = page_for(ada).get("/share/found?q=moreau").content.decode()
    assert f'href="/chat/{di.pk}"' in found
    assert "Bo Okonkwo" not in found


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_nothing_else_is_taken(client: Client, method: str) -> None:
    assert getattr(client, method)("/share").status_code == 405
