"""Messages of groups that mention somebody."""

from typing import Any

from django.conf import settings
from django.db.models import Q

from accounts.models import User
from accounts.principal import Principal
from chatsite.fastpath.expressions import EmptyText
from messaging.models import Message
from messaging.queries.visibility import Stays

MOST = 100  # unread ones of a group that a page leads to


def mentions_of(person: Any) -> Q:
    """Repeats the condition of the index `mentioning_messages`. The stored keys are in quotes and
    all of the same length, so that a match is always a whole key.
    """
    nobody = "" if settings.MONGODB else EmptyText()
    return Q(mentions__gt=nobody, mentions__contains=person, deleted=False)


def unread_mentions(
    user: User | Principal, group: str, *, read_seq: int, stays: Stays
) -> list[int]:
    """The first messages, by `seq`, that mention `user` and that they have not read."""
    since, until = stays[-1]
    mentioning = Message.objects.filter(
        mentions_of(user.pk), conversation_id=group, seq__gt=max(read_seq, since), seq__lte=until
    )
    return list(mentioning.order_by("seq").values_list("seq", flat=True)[:MOST])
