"""The index of what messages say (shapes/search_text.py), kept along with them.

A block is written when its last message is sent, in that transaction; until then
queries/search.py reads the messages themselves. What changes a message later writes its block
anew, under the lock of the conversation.
"""

from collections.abc import Iterable, Iterator

from accounts.models import User
from chatsite.fastpath.prepared import Values
from chatsite.fastpath.statements import Insert, Select, SelectAmong, run_batch
from chatsite.keys import new_key
from messaging.models import BLOCK, FIRST_GROUP, Membership, Message, SearchBlock
from messaging.shapes.search_text import COLUMNS, block, entry

_MESSAGES = Select(
    lambda conversation, after, last: (
        Message.objects.filter(conversation_id=conversation, seq__gt=after, seq__lte=last)
        .order_by("seq")
        .values_list("seq", "created_at", *COLUMNS)
    ),
    packed=True,
)
_BLOCKS = SelectAmong(
    lambda numbers, *, conversation: SearchBlock.objects.filter(
        conversation_id=conversation, number__in=numbers
    ).values_list("pk", "number")
)
_INSERT = Insert(SearchBlock)


def number_of(seq: int) -> int:
    """Of the block that has this message."""
    return (seq - 1) // BLOCK


def add_full_blocks(sent: Iterable[tuple[str, int]]) -> None:
    """After these messages, each by its conversation and seq."""
    add_blocks((conversation, number_of(seq)) for conversation, seq in sent if seq % BLOCK == 0)


def add_blocks(which: Iterable[tuple[str, int]]) -> None:
    """By conversation, whose lock is held, and number."""
    run_batch((_INSERT, [values for each in which for values in _block(*each)]))


def rewrite_blocks(conversation: str, seqs: Iterable[int]) -> None:
    """Those that are there, after messages of them have changed. Holding the lock."""
    numbers = {number_of(seq) for seq in seqs}
    old: dict[str, int] = dict(_BLOCKS.rows_among(numbers, conversation=conversation))
    if old:
        # First the new ones: without transactions a stop in between leaves both, not neither.
        add_blocks((conversation, number) for number in sorted(set(old.values())))
        SearchBlock.objects.filter(pk__in=list(old)).delete()


def forget_chats_of(user: User) -> None:
    """Before the account is deleted: nobody opens its direct chats any more."""
    direct = Membership.objects.of(user.pk).filter(conversation_id__lt=FIRST_GROUP)
    keys = list(direct.values_list("conversation_id", flat=True))
    SearchBlock.objects.filter(conversation_id__in=keys).delete()


def _block(conversation: str, number: int) -> Iterator[Values]:
    """None without messages: they went with an account."""
    after = number * BLOCK
    rows = _MESSAGES.rows(conversation=conversation, after=after, last=after + BLOCK)
    if not rows:
        return
    entries = {seq: entry(row) for seq, _at, *row in rows}
    yield {
        "id": new_key(),
        "conversation_id": conversation,
        "number": number,
        "first_at": rows[0][1],
        "last_at": rows[-1][1],
        "text": block(entries.get(after + place, "") for place in range(1, BLOCK + 1)),
    }
