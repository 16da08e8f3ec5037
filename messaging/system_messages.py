"""System messages, which tell of a change in a group: what is stored of one, and what it says."""

from typing import Annotated, Literal

import msgspec
from django.utils.translation import gettext as _
from msgspec import Meta

from chatsite import strict_json
from chatsite.wire import Key

Change = Literal["created", "added", "joined", "left", "removed", "renamed"]


class NamedPerson(msgspec.Struct, rename="camel"):
    """By the name that they had then."""

    id: Key = msgspec.field(name="_id")
    full_name: str


class SystemDetails(msgspec.Struct, rename="camel"):
    """What a system message tells."""

    event: Change
    by: Annotated[NamedPerson, Meta(description="Who did it.")]
    people: Annotated[list[NamedPerson], Meta(description="To whom.")] = []
    title: Annotated[str | None, Meta(description="The new name of the group.")] = None


encoded = msgspec.json.encode
decoded = strict_json.reader(SystemDetails)


def text_of(details: SystemDetails) -> str:
    """For whoever shows it as a message like any other."""
    names = {
        "by": details.by.full_name,
        "people": ", ".join(person.full_name for person in details.people),
        "title": details.title,
    }
    return _sentence(details.event) % names


def _sentence(event: Change) -> str:
    match event:
        case "created":
            return _("%(by)s created the group “%(title)s”")
        case "added":
            return _("%(by)s added %(people)s")
        case "joined":
            return _("%(by)s joined")
        case "left":
            return _("%(by)s left")
        case "removed":
            return _("%(by)s removed %(people)s")
        case "renamed":
            return _("%(by)s changed the name of the group to “%(title)s”")
