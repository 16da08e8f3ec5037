"""The pages around an account."""

from django.urls import path, re_path

from accounts.views import address, deletion, digest, entrance, notifications, profile, reset

urlpatterns = [
    path("start", entrance.start, name="start"),
    path("signup", entrance.signup, name="signup"),
    path("signup/sent", entrance.invitation_sent, name="invitation-sent"),
    path("login", entrance.login, name="login"),
    path("logout", entrance.logout, name="logout"),
    path("reset", reset.request_reset, name="reset"),
    path("reset/sent", reset.sent, name="reset-sent"),
    path("reset/<str:key>/<str:token>", reset.choose, name="reset-link"),
    path("not-me/<str:key>/<str:token>", reset.not_me, name="not-me-link"),
    path("address/<str:key>/<str:token>", address.confirm, name="address-link"),
    path("digest/<str:key>/<str:token>", digest.turn_off, name="digest-off"),
    path("profile", profile.profile, name="profile"),
    path("profile/address", address.request_change, name="address"),
    path("profile/address/check", address.request_confirmation, name="address-check"),
    path("profile/password", profile.password, name="password"),
    path("profile/deletion", deletion.offer, name="deletion"),
    path("profile/deletion/asked", deletion.request_deletion, name="ask-for-deletion"),
    path("profile/deletion/keep", deletion.keep, name="keep-account"),
    path("profile/language", profile.language, name="language"),
    path("profile/theme", profile.theme, name="theme"),
    path("profile/notifications", notifications.notifications, name="notifications"),
    path("profile/invitations", profile.invitations, name="invitations"),
    re_path(r"^profile/invitations/(?P<key>[0-9a-f]{24})$", profile.invitation, name="invitation"),
    path("profile/sessions", profile.other_sessions, name="other-sessions"),
    re_path(
        r"^profile/sessions/(?P<key>[0-9a-f]{24})$", profile.other_session, name="other-session"
    ),
    re_path(
        r"^profile/sessions/(?P<key>[0-9a-f]{24})/notifications$",
        notifications.session_notifications,
        name="session-notifications",
    ),
    re_path(
        r"^profile/sessions/(?P<key>[0-9a-f]{24})/name$", profile.session_name, name="session-name"
    ),
]
