"""Every path of the site."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from chatsite import client_dist, error_pages, offline
from chatsite.favicon import favicon
from chatsite.manifest import manifest
from chatsite.pictures import media
from chatsite.schema.views import DocsPage, SchemaView
from messaging.realtime.views import EventsView
from messaging.views.media import message_picture, preview_picture

urlpatterns: list[URLPattern | URLResolver] = [
    *client_dist.url_patterns(),
    path("api/auth/", include("accounts.api.urls")),
    path("api/", include("messaging.api.urls")),
    path("api/schema", SchemaView.as_view(), name="api-schema"),
    path("api/docs", DocsPage.as_view(), name="api-docs"),
    path("api/events.yaml", EventsView.as_view(), name="api-events"),
    path("media/avatars/<int:hue_index>/<str:letters>.svg", media.avatar, name="avatar"),
    path("media/avatars/bookmark.svg", media.bookmark, name="bookmark"),
    path("media/profiles/<str:name>", media.profile_picture, name="profile-picture"),
    path("media/messages/<str:message_id>/<str:name>", message_picture, name="message-picture"),
    path("media/previews/<str:message_id>/<str:name>", preview_picture, name="preview-picture"),
    path("favicon.ico", favicon, name="favicon"),
    path("offline", offline.page, name="offline"),
    path("manifest.webmanifest", manifest, name="manifest"),
    path("push.js", offline.push_worker, name="push-worker"),
    path("sw.js", offline.service_worker, name="service-worker"),
    path("version", offline.version, name="version"),
    path("reset-app", offline.reset, name="reset-app"),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("", include("accounts.urls")),
    path("", include("messaging.urls")),
]

handler400 = error_pages.bad_request
handler403 = error_pages.forbidden
handler404 = error_pages.not_found
handler500 = error_pages.server_error
