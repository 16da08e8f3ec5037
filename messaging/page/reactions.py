"""The reactions below a message on the page; static/js/render/parts/reactions.js makes the same."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from messaging.shapes.reactions import ReactionCount, decoded_reactions, reacted_by
from messaging.shapes.record import MessageRecord

QUICK = ("👍", "❤️", "😂", "😮", "😢", "🙏")


@dataclass(frozen=True)
class Pill:
    """One emoji."""

    emoji: str
    count: int
    people: str  # the keys of those who are named
    is_mine: bool
    label: str  # who reacted


BLANK_PILL = Pill("", 0, "", is_mine=False, label="")  # for script to fill


def pills_of(record: MessageRecord, me: str, names: dict[str, str]) -> list[Pill]:
    """`names` are those of the people in it, by key."""
    reactions = decoded_reactions(record.reactions)
    mine = reacted_by(me, reactions) if record.reacted is None else record.reacted
    return [_pill(each, mine, me, names) for each in reactions]


def _pill(reaction: ReactionCount, mine: Collection[str], me: str, names: dict[str, str]) -> Pill:
    is_mine = reaction.emoji in mine
    named = [names[key] for key in reaction.people if key != me and key in names]
    if is_mine:
        named.append(_("You"))
    return Pill(
        emoji=reaction.emoji,
        count=reaction.count,
        people=" ".join(reaction.people),
        is_mine=is_mine,
        label=_label(reaction, named),
    )


def _label(reaction: ReactionCount, named: Sequence[str]) -> str:
    names, more = _(", ").join(named), reaction.count - len(named)
    if more and names:
        names = _("{names} and {n} more").format(names=names, n=more)
    return f"{reaction.emoji} {reaction.count}: {names}" if names else f"{reaction.emoji} {more}"
