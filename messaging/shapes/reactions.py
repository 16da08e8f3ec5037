"""The reactions of a message, summed up: what its row keeps of them and what everybody is sent.

The record of a message is the same for all who see it, and 1,000 people may react to one message.
So it counts each emoji and names the first people only. Whoever is named, or finds that nobody is
left out, knows their own reactions from that. Only where people are left out a response adds the
reader's own (`MessageRecord.reacted`, queries/reactions.py): no row per reader, no second record.

The row keeps the JSON that clients get, so that a page of messages passes it on unread. Where
people are left out it begins with a space, which JSON ignores and `leave_people_out` looks at.
"""

from collections.abc import Iterable
from typing import Annotated

import msgspec
from emoji import EMOJI_DATA, STATUS
from msgspec import Meta

from chatsite import strict_json
from chatsite.schema.hooks import mention
from messaging.models.reaction import EMOJI_LENGTH

# Reactions of a message whose people are named: all of them in a direct chat.
NAMED = 20
MAX_PER_PERSON = 10  # reactions of one person to one message, at most
DIFFERENT = 20  # emoji at one message, at most

Emoji = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=EMOJI_LENGTH,
        description="One emoji, fully qualified as Unicode has it.",
        examples=["👍"],
    ),
]


_VARIANT = "\ufe0f"  # selects the coloured form; what is typed often lacks it
_EMOJI = {
    each.replace(_VARIANT, ""): each
    for each, data in EMOJI_DATA.items()
    if data["status"] == STATUS["fully_qualified"]
}


def canonical_emoji(text: str) -> str | None:
    """The one way to write that emoji; None for what is not exactly one."""
    return _EMOJI.get(text.replace(_VARIANT, ""))


# We wrote it ourselves: what a page of messages has a thousand of is described, and not checked.
StoredKey = Annotated[str, Meta(extra_json_schema={"pattern": "^[0-9a-f]{24}$"})]


class ReactionCount(msgspec.Struct, gc=False):
    """How many people reacted with an emoji, and who did first."""

    emoji: Annotated[
        str,
        Meta(examples=["👍"], extra_json_schema={"minLength": 1, "maxLength": EMOJI_LENGTH}),
    ]
    count: Annotated[int, Meta(extra_json_schema={"minimum": 1})]
    people: Annotated[
        list[StoredKey],
        Meta(
            description=f"Those among the first {NAMED} reactions to the message.",
            extra_json_schema={"maxItems": NAMED},
        ),
    ]


Reactions = list[ReactionCount]

StoredReactions = Annotated[
    msgspec.Raw,
    Meta(
        description="In the order in which the emoji came.",
        extra_json_schema=mention(Reactions),
    ),
]

_read = strict_json.reader(Reactions)


def decoded_reactions(stored: str | msgspec.Raw | None) -> Reactions:
    """Also those of a record."""
    return (_read(stored) if stored else None) or []


def encoded_reactions(reactions: Reactions) -> str:
    """As the row of a message keeps them."""
    if not reactions:
        return ""
    is_complete = all(each.count == len(each.people) for each in reactions)
    return ("" if is_complete else " ") + msgspec.json.encode(reactions).decode()


def summed_up(counts: Iterable[tuple[str, int]], first: Iterable[tuple[str, str]]) -> Reactions:
    """Of how many there are of each emoji, and of emoji and person of the first reactions."""
    reactions = {emoji: ReactionCount(emoji, count, []) for emoji, count in counts}
    for emoji, person in first:
        if emoji in reactions:  # without transactions one may have come in between
            reactions[emoji].people.append(person)
    return list(reactions.values())


def leave_people_out(reactions: msgspec.Raw) -> bool:
    return bytes(reactions).startswith(b" ")


def reacted_by(person: str, reactions: Reactions) -> list[str]:
    """With which emoji, where nobody is left out."""
    return [each.emoji for each in reactions if person in each.people]
