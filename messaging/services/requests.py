"""First messages of strangers, where the site lets them wait until they are accepted.

Its receiver reads it without leaving a mark, and sees it in the list of chats alone. Replying,
reacting or pinning accepts it; deleting the chat, or blocking and unblocking
them, leaves it a request, should they write again.
"""

from django.utils.translation import gettext as _
from msgspec.structs import replace

from accounts.models import SitePolicy, User
from accounts.principal import Principal
from accounts.services.admission import check_may_begin, site_policy
from chatsite.db import repeatable
from chatsite.errors import DomainError, NotFound
from chatsite.keys import is_key
from chatsite.locks import locking
from chatsite.security.ratelimits import DAY, Allowance, TooMany, check_once
from messaging import events, recipients
from messaging.models import Membership, direct_key
from messaging.payloads import chat_settings_payload
from messaging.queries.chats import chats_of
from messaging.queries.members import share_group
from messaging.services.conversations import LockedConversation, locked_conversations, store
from messaging.services.drafts import Draft
from messaging.shapes.chat_settings import NO_SETTINGS, ChatSettings


def check_stranger(draft: Draft) -> SitePolicy | None:
    """Before the first message to somebody: the rules by which `begin_with_stranger` is to follow,
    when nothing else refuses it. Raises DomainError 403 for who may not begin, and for who has
    begun with too many strangers today.
    """
    policy = site_policy()
    check_may_begin(draft.sender_id, policy)
    if not (policy.requests or policy.strangers_per_day):
        return None
    if share_group(draft.sender_id, draft.receiver_id):
        return None
    _count_stranger(draft, policy, counts=False)
    return policy


def begin_with_stranger(draft: Draft, conversation: LockedConversation, policy: SitePolicy) -> None:
    """Raises DomainError 403."""
    _count_stranger(draft, policy)
    if policy.requests:
        person = draft.receiver_id
        conversation.members[person].is_request = True
        if person not in conversation.joining:  # they have blocked the sender, now or before
            theirs = Membership.objects.filter(conversation=conversation.pk, user=person)
            theirs.update(is_request=True)


@repeatable
def accept(*, user: User, person: str) -> ChatSettings:
    """Returns how `user` keeps the chat. Idempotent. Raises NotFound."""
    key = direct_key(user.pk, person)
    with locking(key):
        conversation = locked_conversations([key]).get(key) if is_key(person) else None
        member = conversation and conversation.members.get(user.pk)
        if not conversation or not member or not conversation.seq:
            raise NotFound(_("No such chat."))
        if member.is_request:
            conversation.accept(user.pk)
            conversation.is_changed = True
            store([conversation])
            events.publish_all([_chat_event(user.pk, conversation)])
        return _settings(user.pk, conversation)


def request_events(conversation: LockedConversation) -> list[events.Event]:
    """For the receivers of a request, when there is something new in it."""
    return [_chat_event(person, conversation) for person in conversation.requests]


def acceptance_events(conversation: LockedConversation) -> list[events.Event]:
    """For the other devices of those who have accepted it by what they did."""
    return [_chat_event(person, conversation) for person in conversation.accepting]


def _chat_event(person: str, conversation: LockedConversation) -> events.Event:
    # As it is going to be: it may not be stored yet.
    is_request = bool(conversation.members[person].is_request)
    settings = replace(_settings(person, conversation), request=is_request)
    payload = chat_settings_payload(conversation.peer_of(person), settings)
    return events.CHAT_CHANGED, payload, recipients.of([person]), ""


def _settings(person: str, conversation: LockedConversation) -> ChatSettings:
    for chat in chats_of(Principal(person, ""), among=[conversation.pk]):
        return chat.settings
    return NO_SETTINGS  # they see nothing of it


def _count_stranger(draft: Draft, policy: SitePolicy, *, counts: bool = True) -> None:
    if not policy.strangers_per_day:
        return
    rate = Allowance("strangers", policy.strangers_per_day, DAY)
    try:
        check_once(rate, draft.sender_id, draft.taken, counts=counts)
    except TooMany as error:
        words = _("You have written to many people today who do not know you. Try again tomorrow.")
        raise DomainError(words, 403, code="strangers") from error
