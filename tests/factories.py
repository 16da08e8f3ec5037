"""People and what they write, made the way the product makes them."""

import itertools
from collections.abc import Callable
from typing import Any

from rest_framework.test import APIClient

from accounts.models import Session, User
from accounts.services.sessions import start_session
from messaging.models import Message
from messaging.services.groups import create_group
from messaging.services.messages import send_message

ApiFor = Callable[[User], APIClient]

PASSWORD = "correct horse"
_numbers = itertools.count(1)


def make_user(full_name: str = "Ada Lovelace", *, password: str = PASSWORD, **fields: Any) -> User:
    """An account with an e-mail address of its own, unless one is given."""
    fields.setdefault("email", f"person{next(_numbers)}@example.org")
    user = User(**fields)
    user.rename(full_name)
    user.set_password(password)
    user.save(force_insert=True)
    return user


def make_pair() -> tuple[User, User]:
    """Two people who have not said anything to each other yet."""
    return make_user("Ada Lovelace"), make_user("Bo Diddley")


def make_session(user: User, *, user_agent: str = "tests", address: str = "127.0.0.1") -> Session:
    return start_session(user=user, user_agent=user_agent, address=address)


def make_message(
    sender: User | None = None, receiver: User | None = None, text: str = "Hello", **fields: Any
) -> Message:
    """A sent message; whoever is left out is made."""
    sender, receiver = sender or make_user(), receiver or make_user()
    sent = send_message(sender=sender, peer=receiver.pk, text=text, **fields)
    return Message.objects.select_related("conversation").get(pk=sent.record.id)


def make_messages(sender: User, receiver: User, count: int) -> list[Message]:
    """`text` is the number of each, from 1."""
    return [make_message(sender, receiver, str(number)) for number in range(1, count + 1)]


def make_group(owner: User, *people: User, title: str = "Friends", **fields: Any) -> str:
    """The key of a group, whose first message tells that it was made."""
    keys = [person.pk for person in people]
    return create_group(user=owner, title=title, people=keys, **fields).group.pk
