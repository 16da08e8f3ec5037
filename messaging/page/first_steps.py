"""What a new person is shown to do, until it is done or skipped."""

from dataclasses import dataclass

from accounts.links import chat_link
from accounts.models import User
from accounts.services.push_subscriptions import subscribed_sessions
from messaging.queries.people import contacts_of


@dataclass(frozen=True, slots=True)
class Step:
    name: str  # of FIRST_STEPS
    is_done: bool  # that they have a chat, the page itself shows
    link: str = ""  # to send to somebody, where nobody is there


def first_steps(user: User, site: str) -> list[Step]:
    """For nearly everybody this takes no query."""
    return [_step(name, user, site) for name in user.first_steps.split()]


def _step(name: str, user: User, site: str) -> Step:
    if name == "picture":
        return Step(name, bool(user.picture))
    if name == "notifications":
        return Step(name, bool(subscribed_sessions(user)))
    is_alone = not contacts_of(user.pk).exists()
    return Step(name, False, chat_link(site, user) if is_alone else "")
