"""Indexes the messages of a database that is older than the index, while the site runs."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings

from chatsite.db import now, repeatable
from chatsite.locks import locking
from messaging.models import BLOCK, Conversation, SearchBlock, SearchBuild
from messaging.services.conversations import INSTANT, locked_conversations
from messaging.services.search_index import add_blocks

logger = logging.getLogger(__name__)
STEP = 10  # blocks in a transaction, which others wait for
CONVERSATIONS = 100  # in one look at what is to be done
PAUSE = 0.005  # seconds after each step, for those who wait


def build_some(is_stopping: Callable[[], bool] = lambda: False) -> bool:
    """Goes on where the last call, or the last process, got to. True once all is done."""
    build = SearchBuild.objects.first()
    if build is None:
        return True
    found = Conversation.objects.filter(pk__gt=build.after).order_by("pk")
    rows = list(found.values_list("pk", "key", "last_seq")[:CONVERSATIONS])
    for pk, key, last_seq in rows:
        there = _there(pk) if last_seq >= BLOCK else ()
        missing = [number for number in range(last_seq // BLOCK) if number not in there]
        for start in range(0, len(missing), STEP):
            _build_step(pk, key, missing[start : start + STEP])
            time.sleep(PAUSE)
            if is_stopping():
                return False
    if not rows:
        logger.info("the search index is complete")
        SearchBuild.objects.all().delete()
        return True
    SearchBuild.objects.filter(pk=build.pk, after__lt=rows[-1][0]).update(after=rows[-1][0])
    return False


@repeatable
def _build_step(pk: str, key: str, numbers: Sequence[int]) -> None:
    """Those that nobody else has added meanwhile."""
    with locking(key):
        conversation = locked_conversations([key]).get(key)
        if conversation is None:
            return
        there = _there(pk, number__in=numbers)
        missing = [number for number in numbers if number not in there]
        if missing and settings.MONGODB:
            # It locks no row, so this borrows `changed_at`: two that write it meet, and whoever
            # changes messages of the conversation now is one of them.
            moment = max(now(), conversation.changed_at + INSTANT)
            Conversation.objects.filter(pk=pk).update(changed_at=moment)
        add_blocks((pk, number) for number in missing)


def _there(pk: str, **which: Any) -> set[int]:
    blocks = SearchBlock.objects.filter(conversation_id=pk, **which)
    return set(blocks.values_list("number", flat=True))
