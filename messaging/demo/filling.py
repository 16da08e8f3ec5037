"""Writes the people and conversations of the demo, once, as if it had all happened just now.

Rows are written here rather than by the services, which know only the present: keys and times are
those of the moment that is shown, and nobody is sent mail or events.
"""

from collections import Counter
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password

from accounts.models import User
from chatsite.db import atomic
from chatsite.keys import key_at
from chatsite.pictures import images, storage
from chatsite.text import has_link
from messaging.demo import pictures
from messaging.demo.people import PEOPLE, DemoPerson
from messaging.demo.script import Script, ScriptLine, scripts
from messaging.models import (
    Conversation,
    Kind,
    Membership,
    Message,
    MessageKind,
    Reaction,
    Role,
    SearchBuild,
    conversation_key,
    direct_key,
)
from messaging.models.conversation import GROUP
from messaging.shapes.reactions import encoded_reactions, summed_up
from messaging.shapes.system_messages import details_of, encoded

JOINED = timedelta(days=30)
JUST_BEFORE = timedelta(minutes=1)
TAKEN_BACK_AFTER = timedelta(minutes=1)


def fill(now: datetime, password: str) -> None:
    """Adds whoever and whatever is missing; what is there stays as it is."""
    people = _people(now - JOINED, password)
    for script in scripts(now):
        _write(script, people)
    if not SearchBuild.objects.exists():  # what was written past the services has no index
        SearchBuild.objects.create()


def _people(joined: datetime, password: str) -> dict[str, User]:
    emails = [person.email for person in PEOPLE]
    there = {user.email: user for user in User.objects.filter(email__in=emails)}
    missing = [person for person in PEOPLE if person.email not in there]
    hashed = make_password(password) if missing else ""
    for number, person in enumerate(missing):
        user = _user(person, joined + timedelta(minutes=number), hashed)
        user.save(force_insert=True)
        there[person.email] = user
    return {person.handle: there[person.email] for person in PEOPLE}


def _user(person: DemoPerson, joined: datetime, hashed: str) -> User:
    drawing = pictures.draw(person.picture) if person.picture else None
    user = User(
        pk=key_at(joined),
        email=person.email,
        password=hashed,
        picture=storage.save("profiles", images.square(drawing)) if drawing else "",
        role=person.role,
        created_at=joined,
        updated_at=joined,
    )
    user.rename(person.full_name)
    return user


def _write(script: Script, people: dict[str, User]) -> None:
    conversation = _conversation(script, people)
    if Conversation.objects.filter(key=conversation.key).exists():
        return
    messages = [_creation(conversation, people[script.people[0]])] if script.title else []
    reactions: list[Reaction] = []
    for seq, line in enumerate(script.lines, start=len(messages) + 1):
        message = _message(conversation, people[line.who], seq, line)
        if line.replies_to:
            message.reply_to = messages[-line.replies_to].pk
        reactions += _react(message, line, people)
        messages.append(message)
    with atomic():
        conversation.save(force_insert=True)
        Message.objects.bulk_create(messages)
        Reaction.objects.bulk_create(reactions)
        Membership.objects.bulk_create(_memberships(conversation, script, people))
        _finish(conversation, messages)


def _conversation(script: Script, people: dict[str, User]) -> Conversation:
    one, other, *_others = (people[handle].pk for handle in script.people)
    begun = script.lines[0].at - JUST_BEFORE
    if not script.title:
        return Conversation(pk=key_at(begun), key=direct_key(one, other), created_at=begun)
    key = f"{GROUP}{one[1:]}"  # the same the next time, whatever the group is called by then
    return Conversation(
        pk=key,
        key=conversation_key(one, key),
        kind=Kind.GROUP,
        title=script.title,
        member_count=len(script.people),
        created_at=begun,
    )


def _creation(conversation: Conversation, maker: User) -> Message:
    details = details_of("created", maker, title=conversation.title)
    return Message(
        pk=key_at(conversation.created_at),
        conversation=conversation,
        sender=maker,
        seq=1,
        version=1,
        kind=MessageKind.SYSTEM,
        details=encoded(details).decode(),
        created_at=conversation.created_at,
        updated_at=conversation.created_at,
    )


def _react(message: Message, line: ScriptLine, people: dict[str, User]) -> list[Reaction]:
    """Returns the rows, and sums them up in the message."""
    reacted = [(emoji, people[who].pk) for emoji, who in line.reactions]
    counts = Counter(emoji for emoji, _person in reacted)
    message.reactions = encoded_reactions(summed_up(counts.items(), reacted))
    return [
        Reaction(pk=key_at(line.at), message=message, user_id=person, emoji=emoji)
        for emoji, person in reacted
    ]


def _message(conversation: Conversation, sender: User, seq: int, line: ScriptLine) -> Message:
    return Message(
        pk=key_at(line.at),
        conversation=conversation,
        sender=sender,
        seq=seq,
        version=seq,
        text=line.text,
        has_link=has_link(line.text) or None,
        deleted=line.deleted,
        pinned_at=line.at if line.pinned else None,
        pinned_by=sender.pk if line.pinned else None,
        created_at=line.at,
        updated_at=line.at + TAKEN_BACK_AFTER if line.deleted else line.at,
        **(_picture(line.picture) if line.picture else {}),
    )


def _picture(name: str) -> dict[str, str | int]:
    display, thumbnail = images.display_and_thumbnail(pictures.draw(name))
    image, small = storage.save_for_message(display, thumbnail)
    return {
        "image": image,
        "has_picture": True,
        "thumbnail": small,
        "image_width": display.width,
        "image_height": display.height,
    }


def _memberships(
    conversation: Conversation, script: Script, people: dict[str, User]
) -> list[Membership]:
    last_seq = len(script.lines) + bool(script.title)
    maker = Role.OWNER if script.title else Role.MEMBER
    return [
        Membership(
            conversation=conversation,
            user=people[handle],
            last_read_seq=last_seq - script.unread.get(handle, 0),
            role=maker if handle == script.people[0] else Role.MEMBER,
            joined_at=conversation.created_at,
        )
        for handle in script.people
    ]


def _finish(conversation: Conversation, messages: list[Message]) -> None:
    conversation.last_seq = conversation.version = len(messages)
    conversation.last_message = messages[-1]
    conversation.changed_at = max(message.updated_at for message in messages)
    conversation.save(update_fields=["last_seq", "version", "last_message", "changed_at"])
