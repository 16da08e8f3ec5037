"""What somebody has missed in a conversation, for notifications."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from django.db.models import F, Q

from accounts.models import PushSubscription, Session
from accounts.notifications import Notifications, decoded
from accounts.principal import Principal
from messaging.models import Block, Kind, Membership, Message, MessageKind, PushNotice
from messaging.queries.chats import chats_of
from messaging.queries.visibility import Stays, is_there
from messaging.shapes.record import MessageRecord, record_of

WINDOW = 100  # how many unread messages are looked at; notifications say "99+"


@dataclass(frozen=True, slots=True)
class Missed:
    """Unread messages of a conversation that `mine` wants to be notified of, the oldest first.

    The device has shown a notification up to `notified`; later ones are news to it.
    """

    mine: Membership
    messages: list[MessageRecord]
    notified: int = 0

    @property
    def news(self) -> list[MessageRecord]:
        return [each for each in self.messages if each.seq > self.notified]

    def without_news(self) -> Self | None:
        """What the device shows."""
        shown = [each for each in self.messages if each.seq <= self.notified]
        return replace(self, messages=shown) if shown else None


def live_subscription(key: str) -> PushSubscription | None:
    """With its person and session; None once its session is over."""
    found = PushSubscription.objects.select_related("user", "session").filter(pk=key).first()
    if found is None or not Session.objects.live().filter(pk=found.session_id).exists():
        return None
    return found


def missed_by(
    user_id: str, conversation: str, moment: datetime, *, notified: int = 0
) -> Missed | None:
    """None when there is nothing: all is read, or they are not to be notified."""
    memberships = Membership.objects.of(user_id).select_related("conversation")
    mine = memberships.filter(conversation=conversation, until_seq=None, is_request=False).first()
    if mine is None or mine.conversation.kind == Kind.SAVED:
        return None
    after = max(mine.last_read_seq, mine.conversation.last_seq - 10 * WINDOW)
    blocked = list(Block.objects.filter(blocker=user_id).values_list("blocked_id", flat=True))
    unread = Message.objects.filter(
        is_there(moment), conversation=conversation, seq__gt=after, kind=MessageKind.TEXT
    ).exclude(sender__in=[user_id, *blocked])
    if is_muted(mine, moment):
        unread = unread.filter(mentions__contains=user_id)
    stays = Stays.of(mine.since_seq, None, mine.earlier_stays)
    peer = mine.conversation.peer_id(user_id)
    newest = [each for each in unread.order_by("-seq")[:WINDOW] if stays.see(each.seq)]
    messages = [record_of(each, peer) for each in reversed(newest)]
    return Missed(mine, messages, notified) if messages else None


def is_muted(mine: Membership, moment: datetime) -> bool:
    return mine.muted_until is not None and mine.muted_until > moment


def unread_chats(user_id: str, moment: datetime) -> int:
    """What the badge of the installed app says; static/js/notifications.js counts the same."""
    mine = Membership.objects.of(user_id).filter(
        Q(muted_until=None) | Q(muted_until__lte=moment), is_request=False
    )
    marks = mine.values_list("conversation", "last_read_seq", F("conversation__last_seq"))
    behind = [key for key, read, last in marks if read < last]
    chats = chats_of(Principal(user_id, ""), among=behind) if behind else []
    return sum(chat.unread_count > 0 for chat in chats)


def notifications_of(subscription: PushSubscription) -> Notifications:
    return decoded(subscription.user.notifications)


def notified_up_to(subscription: str, conversation: str) -> int:
    """The last `seq` that a notification on the device shows; 0 for none."""
    notices = PushNotice.objects.filter(subscription=subscription, conversation=conversation)
    return notices.values_list("seq", flat=True).first() or 0
