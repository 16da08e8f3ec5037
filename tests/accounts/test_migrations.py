"""What migrations do to accounts that are there already."""

from importlib import import_module

import pytest
from django.apps import apps

from accounts.models import User
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def emails() -> list[str]:
    return list(User.objects.order_by("created_at", "pk").values_list("email", flat=True))


def test_addresses_get_their_one_form_and_nobody_loses_an_account() -> None:
    kept = ["ada@example.org", "ann@bu\u0308cher.example", "ann@bücher.example"]
    kept += ["bo@xn--bcher-kva.example", "bo@bücher.example", "c\u200b@example.org"]
    no_addresses = ["x\uff1cvictim@b.org", "d@" + "\u6f22\u5b57\u6f22." * 43 + "example"]
    kept += no_addresses
    users = [make_user(email=email) for email in kept]
    rewrite = import_module("accounts.migrations.0002_canonical_addresses").rewrite

    for _ in range(2):
        rewrite(apps, None)
        assert emails() == [
            "ada@example.org",
            "ann@xn--bcher-kva.example",
            "ann@bücher.example",
            "bo@xn--bcher-kva.example",
            "bo@bücher.example",
            "c\u200b@example.org",
            *no_addresses,
        ]
    assert [User.objects.with_email(email) for email in kept[2:]] == users[2:]
    assert User.objects.with_email("ANN@xn--bcher-kva.example") == users[1]


def test_names_lose_what_turns_the_direction_of_others() -> None:
    turned, plain = make_user("\u202egnp.Ada\u202c"), make_user("Ada Lovelace")
    import_module("accounts.migrations.0003_names_without_bidi_controls").rewrite(apps, None)
    turned.refresh_from_db()
    assert (turned.full_name, turned.sort_name) == ("gnp.Ada", "gnp.ada")
    plain.refresh_from_db()
    assert plain.full_name == "Ada Lovelace"


def test_names_are_found_without_the_strokes_of_letters() -> None:
    soren = make_user("Søren Kjær")
    User.objects.filter(pk=soren.pk).update(sort_name="søren kjær")
    import_module("accounts.migrations.0004_letters_in_sort_names").rewrite(apps, None)
    assert User.objects.matching("soren").get() == soren
