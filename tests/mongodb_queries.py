"""Prints the reads of the product as MongoDB would get them, without one; fails where it cannot."""

import os
import sys
from typing import Any


def querysets() -> dict[str, Any]:
    from django.db.models import Count, Q

    from accounts.admin import PersonAdmin, RecordAdmin, SessionAdmin
    from accounts.models import Session, User
    from chatsite.keys import new_key
    from messaging.admin import MessageAdmin
    from messaging.models import Conversation, Membership, Message

    me, key = User(email="a@example.org"), new_key()
    mine = Membership.objects.of(key)
    unread = Q(conversation=key, seq__gt=3) | Q(conversation=new_key(), seq__gt=5)
    versions = Q(version__gt=3, version__lte=9)
    changed = Q(conversation=key) & versions | Q(conversation=new_key()) & versions
    messages = Message.objects.filter(conversation=key)
    admin = (PersonAdmin, RecordAdmin, SessionAdmin, MessageAdmin)
    return {
        "session with user": Session.objects.active().select_related("user").filter(pk=key),
        "sessions of": Session.objects.active_of(me),
        "sessions of an account": Session.objects.filter(user__in=[key]).values_list("address"),
        "people": User.objects.contacts_of(me.pk, "İ.(*"),
        "people after": User.objects.filter(Q(sort_name__gt="a") | Q(sort_name="a", pk__gt=key)),
        "people by name or key": User.objects.filter(Q(pk=key) | Q(email="a")).values_list("pk"),
        "pictures of people": User.objects.exclude(picture="").values_list("picture", flat=True),
        "banned": User.objects.exclude(banned_at=None).filter(is_staff=True),
        "a message": messages.select_related("conversation").filter(pk=key),
        "history": messages.filter(seq__lt=9, deleted=False).order_by("-seq")[:50],
        "versions": Conversation.objects.filter(pk__in=[key], version__gt=0).values_list(
            "pk", "version"
        ),
        "changes": Message.objects.filter(changed)
        .select_related("conversation")
        .order_by("version"),
        "pictures": Message.objects.exclude(image="").values_list("pk", "deleted", "image"),
        "text": Message.objects.filter(text__icontains="$(["),
        "deleted": messages.filter(deleted=True, seq__gt=9).values_list("pk"),
        "unread": Message.objects.filter(unread).values_list("conversation").annotate(Count("pk")),
        "chats": mine.filter(conversation__last_seq__gt=0, conversation__in=[key]).select_related(
            "conversation"
        ),
        "chats of people": Membership.objects.filter(user__in=[key])
        .values_list("conversation_id", flat=True)
        .distinct(),
        "marks": Membership.objects.filter(conversation=key).values_list("last_read_seq"),
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
    for name, queryset in querysets().items():
        sys.stdout.write(f"{name}: {pipeline_of(queryset)}\n")


if __name__ == "__main__":
    main()
