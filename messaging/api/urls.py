from django.urls import path

from messaging.api import attachments, exports, groups, views

urlpatterns = [
    path("messages/contacts", views.ContactsView.as_view(), name="api-contacts"),
    path("messages/chats", views.ChatsView.as_view(), name="api-chats"),
    path("messages/chats/<str:peer>", views.ChatView.as_view(), name="api-chat"),
    path("messages/deletions", views.DeletionsView.as_view(), name="api-deletions"),
    path("messages/deletions/undo", views.UndoView.as_view(), name="api-undo"),
    path("messages/chats/<str:peer>/draft", views.DraftView.as_view(), name="api-draft"),
    path("messages/sync", views.SyncView.as_view(), name="api-sync"),
    path("messages/send/<str:peer>", views.SendView.as_view(), name="api-send"),
    path("messages/forward", views.ForwardView.as_view(), name="api-forward"),
    path("messages/read/<str:peer>", views.ReadMarkView.as_view(), name="api-read"),
    path("messages/delivered/<str:peer>", views.DeliveredMarkView.as_view(), name="api-delivered"),
    path(
        "messages/<str:message>/reactions/<str:emoji>",
        views.ReactionView.as_view(),
        name="api-reaction",
    ),
    path("listened/<str:message>", views.ListenedView.as_view(), name="api-listened"),
    path("pins/<str:message>", views.PinView.as_view(), name="api-pin"),
    path("messages/<str:peer>", views.MessagesView.as_view(), name="api-messages"),
    path("attachments", attachments.AttachmentsView.as_view(), name="api-attachments"),
    path("attachments/usage", attachments.UsageView.as_view(), name="api-usage"),
    path(
        "attachments/<str:attachment>/<str:name>", attachments.FileView.as_view(), name="api-file"
    ),
    path("uploads", attachments.UploadsView.as_view(), name="api-uploads"),
    path("uploads/<str:upload>", attachments.UploadView.as_view(), name="api-upload"),
    path("uploads/<str:upload>/poster", attachments.PosterView.as_view(), name="api-poster"),
    path("export", exports.ExportView.as_view(), name="api-export"),
    path("export/file", exports.ExportFileView.as_view(), name="api-export-file"),
    path("reports", views.ReportsView.as_view(), name="api-reports"),
    path("privacy", views.PrivacyView.as_view(), name="api-privacy"),
    path("blocks", views.BlocksView.as_view(), name="api-blocks"),
    path("blocks/<str:person>", views.BlockView.as_view(), name="api-block"),
    path("requests/<str:person>", views.RequestView.as_view(), name="api-request"),
    path("groups", groups.GroupsView.as_view(), name="api-groups"),
    path("groups/<str:group>", groups.GroupView.as_view(), name="api-group"),
    path("groups/<str:group>/members", groups.GroupMembersView.as_view(), name="api-group-members"),
    path(
        "groups/<str:group>/members/<str:person>",
        groups.GroupMemberView.as_view(),
        name="api-group-member",
    ),
    path(
        "conversations/<str:conversation>/members",
        groups.MembersView.as_view(),
        name="api-members",
    ),
    path(
        "conversations/<str:conversation>/receipts",
        groups.ReceiptsView.as_view(),
        name="api-receipts",
    ),
    path(
        "conversations/<str:conversation>/reactions",
        views.ReactionsView.as_view(),
        name="api-reactions",
    ),
    path("conversations/<str:conversation>/pins", views.PinsView.as_view(), name="api-pins"),
    path("conversations/<str:conversation>/shared", views.SharedView.as_view(), name="api-shared"),
    path("search", views.SearchView.as_view(), name="api-search"),
    path(
        "users/<str:person>/groups",
        groups.GroupsInCommonView.as_view(),
        name="api-groups-in-common",
    ),
]
