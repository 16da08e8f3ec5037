"""The chat page and its parts."""

from django.urls import path

from messaging import views

urlpatterns = [
    path("", views.chats, name="chats"),
    path("contacts", views.contacts, name="contacts"),
    path("contacts/rows", views.contact_rows, name="contact-rows"),
    path("chats/rows", views.chat_rows, name="chat-rows"),
    path("chat/<str:peer>", views.conversation, name="conversation"),
    path("chat/<str:peer>/older", views.older, name="older"),
]
