"""The chat page and its parts."""

from django.urls import path, re_path

from messaging.views import about, chat, groups, later, moderation
from messaging.views.exports import export, export_removal, history_import, import_removal
from messaging.views.privacy import privacy, unblock
from messaging.views.search import search

urlpatterns = [
    path("", chat.chats, name="chats"),
    path("contacts", chat.contacts, name="contacts"),
    path("contacts/rows", chat.contact_rows, name="contact-rows"),
    path("chats/rows", chat.chat_rows, name="chat-rows"),
    path("chats/found", chat.found, name="found"),
    path("chats/targets", chat.targets, name="targets"),
    path("chats/targets/found", chat.targets_found, name="targets-found"),
    path("search", search, name="search"),
    path("u/<str:username>", chat.by_username, name="by-username"),
    path("chat/saved", chat.saved, name="saved"),
    path("chat/<str:peer>", chat.conversation, name="conversation"),
    path("chat/<str:peer>/older", chat.older, name="older"),
    path("chat/<str:peer>/quotes", chat.quotes, name="quotes"),
    path("chat/<str:peer>/since", chat.since, name="since"),
    path("chat/<str:peer>/header", groups.header, name="header"),
    path("chat/<str:peer>/pins", chat.pins, name="pins"),
    path("chat/<str:peer>/scheduled", later.scheduled, name="scheduled"),
    path("chat/<str:peer>/later", later.choose, name="send-later"),
    path("chat/<str:peer>/remind", later.remind, name="remind"),
    path("later", later.listed, name="later"),
    path("chat/<str:peer>/details", about.details, name="details"),
    path("chat/<str:peer>/members", about.members, name="group-members"),
    path("chat/<str:peer>/shared", about.shared, name="shared"),
    path("chat/<str:peer>/reactors", groups.reactors, name="reactors"),
    path("chat/<str:peer>/receipts", groups.receipts, name="receipts"),
    path("chat/<str:peer>/report", groups.report, name="new-report"),
    path("chat/<str:peer>/edit", groups.edit, name="edit-group"),
    path("chat/<str:peer>/add", groups.add, name="add-people"),
    path("emoji", chat.emoji, name="emoji"),
    path("keys", chat.keys, name="keys"),
    path("profile/privacy", privacy, name="privacy"),
    path("profile/export", export, name="export"),
    path("profile/export/removal", export_removal, name="export-removal"),
    path("profile/import", history_import, name="import"),
    path("profile/import/removal", import_removal, name="import-removal"),
    path("moderation", moderation.queue, name="reports"),
    path("moderation/warning", moderation.seen, name="warning-seen"),
    path("moderation/<str:key>", moderation.report, name="report"),
    path("moderation/<str:key>/claim", moderation.claim, name="claim-report"),
    path("moderation/<str:key>/decide", moderation.decide, name="decide-report"),
    path("moderation/<str:key>/lift", moderation.lift, name="lift-report"),
    re_path(r"^profile/blocks/(?P<person>[0-9a-f]{24})$", unblock, name="unblock"),
    path("groups/new", groups.new, name="new-group"),
    path("groups/candidates", groups.candidates, name="group-candidates"),
    path("groups/authors", groups.authors, name="group-authors"),
]
