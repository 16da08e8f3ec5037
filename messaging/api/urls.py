from django.urls import path

from messaging.api import views

urlpatterns = [
    path("contacts", views.ContactsView.as_view(), name="api-contacts"),
    path("chats", views.ChatsView.as_view(), name="api-chats"),
    path("sync", views.SyncView.as_view(), name="api-sync"),
    path("send/<str:peer>", views.SendView.as_view(), name="api-send"),
    path("read/<str:peer>", views.ReadMarkView.as_view(), name="api-read"),
    path("<str:peer>", views.MessagesView.as_view(), name="api-messages"),
]
