"""System messages, which report a change in a group: what is stored of one, and what it says."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import msgspec
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from msgspec import Meta
from msgspec.structs import replace

from accounts.models import User
from chatsite import strict_json
from chatsite.text import isolated
from chatsite.wire import Count, Key

NAMED = 10  # people at the most whom one message names: a thousand may come at once
Change = Literal[
    "created",
    "added",
    "left",
    "removed",
    "renamed",
    "described",
    "pictured",
    "pictureRemoved",
    "onlyAdminsPost",
    "allPost",
    "historyShown",
    "historyHidden",
    "slowed",
    "unslowed",
    "disappearing",
    "lasting",
    "promoted",
    "demoted",
    "handedOver",
]


class NamedPerson(msgspec.Struct, rename="camel"):
    """By the name that they had then; without one, an account that was deleted."""

    id: Key = msgspec.field(name="_id")
    full_name: str


class SystemDetails(msgspec.Struct, rename="camel"):
    """What a system message reports."""

    event: Change
    by: Annotated[NamedPerson, Meta(description="Who did it.")]
    people: Annotated[
        list[NamedPerson], Meta(max_length=NAMED, description="To whom: the first of them.")
    ] = []
    others: Annotated[Count, Meta(description="To how many more.")] = 0
    title: Annotated[str | None, Meta(description="The new name of the group.")] = None
    seconds: (
        Annotated[int, Meta(ge=0, description="After which messages disappear from now on.")]
        | msgspec.UnsetType
    ) = msgspec.UNSET

    @property
    def everybody(self) -> list[NamedPerson]:
        """Who is named."""
        return [self.by, *self.people]

    def names(self, person: str) -> bool:
        """Whether `person` is one of `people`, which leaves some out when there are many."""
        return any(each.id == person for each in self.people)


encoded = msgspec.json.encode
decoded = strict_json.reader(SystemDetails)


def details_of(
    event: Change,
    by: User,
    people: Sequence[User] = (),
    *,
    title: str | None = None,
    seconds: int | msgspec.UnsetType = msgspec.UNSET,
) -> SystemDetails:
    named = [_named(person) for person in people[:NAMED]]
    return SystemDetails(event, _named(by), named, len(people) - len(named), title, seconds)


def _named(person: User) -> NamedPerson:
    return NamedPerson(person.pk, person.full_name)


def with_names(details: SystemDetails, names: Mapping[str, str]) -> SystemDetails:
    """With these names of people, by key; a deleted account has no name."""
    by, *people = (
        NamedPerson(each.id, names.get(each.id, each.full_name) if each.full_name else "")
        for each in details.everybody
    )
    return replace(details, by=by, people=people)


def text_of(details: SystemDetails) -> str:
    """For whoever shows it as a message like any other."""
    names = {
        "by": _name(details.by),
        "people": _people(details),
        "title": isolated(details.title or ""),
        "period": period(details.seconds or 0),
    }
    return str(_SENTENCES[details.event]) % names


def period(seconds: int) -> str:
    """In the largest unit that it is a multiple of."""
    if seconds % 60:
        return ngettext("%(n)s second", "%(n)s seconds", seconds) % {"n": seconds}
    minutes = seconds // 60
    if minutes % 60:
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    hours = minutes // 60
    if hours % 24:
        return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
    return ngettext("%(count)s day", "%(count)s days", hours // 24) % {"count": hours // 24}


def deleted_account() -> str:
    """What is shown in place of the name of somebody whose account is gone."""
    return _("Deleted account")


def sentences() -> list[tuple[Change, Promise]]:
    """Of all events, with holes for the names."""
    return list(_SENTENCES.items())


def _name(person: NamedPerson) -> str:
    return isolated(person.full_name) if person.full_name else deleted_account()


def _people(details: SystemDetails) -> str:
    names = _(", ").join(map(_name, details.people))
    if not details.others:
        return names
    more = ngettext("{names} and {n} other", "{names} and {n} others", details.others)
    return more.format(names=names, n=details.others)


_SENTENCES: dict[Change, Promise] = {
    "created": gettext_lazy("%(by)s created the group “%(title)s”"),
    "added": gettext_lazy("%(by)s added %(people)s"),
    "left": gettext_lazy("%(by)s left"),
    "removed": gettext_lazy("%(by)s removed %(people)s"),
    "renamed": gettext_lazy("%(by)s changed the name of the group to “%(title)s”"),
    "described": gettext_lazy("%(by)s changed the description of the group"),
    "pictured": gettext_lazy("%(by)s changed the picture of the group"),
    "pictureRemoved": gettext_lazy("%(by)s removed the picture of the group"),
    "onlyAdminsPost": gettext_lazy("%(by)s let only admins write in the group"),
    "allPost": gettext_lazy("%(by)s let everybody write in the group"),
    "historyShown": gettext_lazy("%(by)s let new members see earlier messages"),
    "historyHidden": gettext_lazy("%(by)s hid earlier messages from new members"),
    "slowed": gettext_lazy("%(by)s turned slow mode on"),
    "unslowed": gettext_lazy("%(by)s turned slow mode off"),
    "disappearing": gettext_lazy("%(by)s let new messages disappear after %(period)s"),
    "lasting": gettext_lazy("%(by)s turned disappearing messages off"),
    "promoted": gettext_lazy("%(by)s made %(people)s an admin"),
    "demoted": gettext_lazy("%(by)s removed %(people)s as an admin"),
    "handedOver": gettext_lazy("%(by)s made %(people)s the owner of the group"),
}
