"""The chat page and its parts."""

from django.urls import path

from messaging import group_views, views

urlpatterns = [
    path("", views.chats, name="chats"),
    path("contacts", views.contacts, name="contacts"),
    path("contacts/rows", views.contact_rows, name="contact-rows"),
    path("chats/rows", views.chat_rows, name="chat-rows"),
    path("chat/<str:peer>", views.conversation, name="conversation"),
    path("chat/<str:peer>/older", views.older, name="older"),
    path("chat/<str:peer>/header", group_views.header, name="group-header"),
    path("chat/<str:peer>/details", group_views.details, name="group-details"),
    path("chat/<str:peer>/members", group_views.members, name="group-members"),
    path("chat/<str:peer>/readers", group_views.readers, name="group-readers"),
    path("chat/<str:peer>/edit", group_views.edit, name="edit-group"),
    path("chat/<str:peer>/add", group_views.add, name="add-people"),
    path("groups/new", group_views.new, name="new-group"),
    path("groups/candidates", group_views.candidates, name="group-candidates"),
    path("groups/authors", group_views.authors, name="group-authors"),
]
