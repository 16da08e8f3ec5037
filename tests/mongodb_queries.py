"""Prints the reads of the product as MongoDB would get them, without one; fails where it cannot."""

import os
import sys
from typing import Any


def all_querysets() -> dict[str, Any]:
    from django.db.models import Count, Min, Q

    from accounts.admin import AuditEntryAdmin, PersonAdmin, SessionAdmin
    from accounts.models import Session, User
    from chatsite.db import now
    from chatsite.keys import new_key
    from messaging.admin import MessageAdmin
    from messaging.models import FIRST_GROUP, Conversation, Membership, Message, Reaction
    from messaging.queries import (
        chats,
        digests,
        history,
        listenings,
        members,
        openings,
        people,
        pictures,
        pins,
        reactions,
        search,
        shared,
        sync,
        visibility,
    )
    from messaging.queries.privacy import Face
    from messaging.services import changes, conversations
    from messaging.shapes import search_text

    me, key = User(email="a@example.org"), new_key()
    mine = Membership.objects.of(key)
    unseen = Q(conversation=key, seq__gt=3, seq__lte=9) | Q(conversation=new_key(), seq__gt=5)
    given = {"conversation": key, "floor": 3, "top": 9, "since": 1, "until": 8}
    spans = {f"{name}{chat}": value for chat in range(2) for name, value in given.items()}
    messages = Message.objects.filter(conversation=key)
    terms = search_text.Terms("a.(*", has="file", sender=key)
    criteria, moment = search.SearchCriteria(before=now(), after=now()), (now(), ("", key))
    chat = search._SearchedChat(key, key, 9, visibility.Stays(), "", "")
    finding = search._Search(key, criteria, terms, {key: chat}, [], 20, moment)
    admin = (PersonAdmin, AuditEntryAdmin, SessionAdmin, MessageAdmin)
    return {
        "session with user": Session.objects.active().select_related("user").filter(pk=key),
        "sessions of": Session.objects.active_of(me),
        "sessions of an account": Session.objects.filter(user__in=[key]).values_list("address"),
        "people": User.objects.contacts_of(me.pk, "İ.(*"),
        "people after": User.objects.filter(Q(sort_name__gt="a") | Q(sort_name="a", pk__gt=key)),
        "people by names of before": people._by_name(
            User.objects.exclude(pk__in=[key]), {key: Face("a", "")}
        )[0].filter(people._comes_after("a", key, by="visible_name")),
        "people by name or key": User.objects.filter(Q(pk=key) | Q(email="a")).values_list("pk"),
        "pictures of people": User.objects.exclude(picture="").values_list("picture", flat=True),
        "people who are away": digests._people(now()).filter(pk__gt=key)[:500],
        "when they were here": digests._last_requests([key, new_key()]),
        "where something came since": digests._lively([key, new_key()], new_key()),
        "banned": User.objects.exclude(banned_at=None).filter(role="moderator"),
        "a message": messages.select_related("conversation").filter(pk=key),
        "in groups now": conversations._CURRENT._build(1, _0=key),
        "who write to groups": conversations._WRITERS._build(
            2, _0=key, _1=new_key(), _2=key, _3=new_key()
        ),
        "conversations of messages": changes._CONVERSATIONS._build(2, _0=key, _1=new_key()),
        "keys of conversations": changes._KEYS._build(1, _0=key),
        "history": history._history(50, False, conversation=key, after=2, before=9, moment=now()),
        "stays": visibility._STAYS._build(conversation=key, user=key),
        "read by others": members._MARKS_OF_OTHERS._build(2, _0=new_key(), _1=new_key(), me=key),
        "members": visibility._MEMBERS._build(group=key),
        "versions": Conversation.objects.filter(pk__in=[key], version__gt=0).values_list(
            "pk", "version"
        ),
        "changes": sync._changed(2, **spans),
        "changes of one": sync._changed(1, **spans),
        "stays among": visibility._STAYS_AMONG._build(1, _0=key, me=key),
        "pictures": Message.objects.exclude(image="").values_list("pk", "deleted", "image"),
        "messages with a picture": pictures.with_picture("x").values_list("deleted", flat=True),
        "text": Message.objects.filter(text__icontains="$(["),
        "blocks": finding._blocks(),
        "messages found": search._messages([(key, 3), (new_key(), 4)], moment=now()),
        "latest messages": search._latest([(key, 3), (new_key(), 0)]),
        "conversations of": search._CONVERSATIONS._build(1, _0=key),
        "deleted": messages.filter(deleted=True, seq__gt=9).values_list("pk"),
        "deleted unread": Message.objects.filter(unseen, deleted=True)
        .values_list("conversation")
        .annotate(Count("pk")),
        "last seen": chats._LAST_SEEN._build(2, _0=key, _1=3, _2=new_key(), _3=4),
        "chats": mine.filter(
            conversation__last_seq__gt=0, conversation__in=[key], conversation__lt=FIRST_GROUP
        ).select_related("conversation"),
        "chats of people": Membership.objects.filter(user__in=[key])
        .values_list("conversation_id", flat=True)
        .distinct(),
        "pins": mine.filter(pin_slot__gt=0).values_list("pin_slot", "conversation_id"),
        "own chat": mine.select_for_update().filter(conversation=key),
        "marks": Membership.objects.filter(conversation=key).values_list("last_read_seq"),
        "own reactions": reactions._OWN._build(2, _0=key, _1=new_key(), me=key),
        "own listenings": listenings._LISTENINGS._own._build(2, _0=key, _1=new_key(), me=key),
        "openings of others": openings._OPENINGS._others._build(1, _0=key),
        "reactions": Reaction.objects.filter(message_id=key, pk__gt=key).order_by("pk"),
        "pinned messages": pins.pinned_in(key).order_by("-pinned_at", "-seq"),
        "shared pictures": shared.shared_in(
            "pictures", 9, conversation=key, after=0, before=9, moment=now()
        ),
        "shared links": shared.shared_in(
            "links", 9, conversation=key, after=0, before=9, moment=now()
        ),
        "groups of": mine.filter(until_seq=None, conversation__gte=FIRST_GROUP).values_list(
            "conversation_id", "role"
        ),
        "counts of reactions": Reaction.objects.filter(message_id=key)
        .values_list("emoji")
        .annotate(Count("pk"), first=Min("pk"))
        .order_by("first"),
        "conversation": Conversation.objects.select_for_update().filter(key="direct:a:b"),
        **{made.__name__: _list_of(made) for made in admin},
    }


def _list_of(model_admin: Any) -> Any:
    """As a moderator's list asks for it."""
    from django.contrib import admin

    model = next(m for m, a in admin.site._registry.items() if isinstance(a, model_admin))
    rows = model._default_manager.order_by(*model_admin.ordering)
    related = model_admin.list_select_related
    return rows.select_related(*related) if isinstance(related, tuple) else rows


def pipeline_of(queryset: Any) -> Any:
    """Raises NotSupportedError for what the backend cannot translate."""
    compiler = queryset.query.get_compiler("default")
    compiler.pre_sql_setup()
    return compiler.build_query(compiler.columns).get_pipeline()


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatsite.settings")
    import django

    django.setup()
    from django.urls import get_resolver

    get_resolver().url_patterns  # noqa: B018  registers the admin's classes
    for name, queryset in all_querysets().items():
        sys.stdout.write(f"{name}: {pipeline_of(queryset)}\n")


if __name__ == "__main__":
    main()
