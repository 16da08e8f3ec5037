"""The pages around an account."""

from django.urls import path, re_path

from accounts import views

urlpatterns = [
    path("signup", views.signup, name="signup"),
    path("login", views.login, name="login"),
    path("logout", views.logout, name="logout"),
    path("profile", views.profile, name="profile"),
    path("profile/password", views.password, name="password"),
    path("profile/theme", views.theme, name="theme"),
    path("profile/sessions", views.other_sessions, name="other-sessions"),
    re_path(r"^profile/sessions/(?P<key>[0-9a-f]{24})$", views.other_session, name="other-session"),
]
