"""The mails that people got, as a test reads them."""

import re
from typing import Any

from django.core import mail

from tests.jobs import run_due


def delivered(*, to: str = "") -> list[Any]:
    """All, or those to one address, once what is due was sent."""
    run_due()
    return [letter for letter in mail.outbox if not to or letter.to == [to]]


def link_in(letter: Any) -> str:
    """The address of the one link, which both parts have."""
    [link] = re.findall(r"https?://\S+", letter.body)
    assert f'href="{link}"' in html_of(letter)
    return str(link)


def path_in(letter: Any) -> str:
    return re.sub(r"^https?://[^/]+", "", link_in(letter))


def html_of(letter: Any) -> str:
    [(html, kind)] = letter.alternatives
    assert kind == "text/html"
    return str(html)
