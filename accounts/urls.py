"""The pages around an account."""

from django.urls import path

from accounts import views

urlpatterns = [
    path("signup", views.signup, name="signup"),
    path("login", views.login, name="login"),
    path("logout", views.logout, name="logout"),
    path("profile", views.profile, name="profile"),
    path("profile/password", views.password, name="password"),
    path("profile/theme", views.theme, name="theme"),
    path("profile/sessions", views.other_sessions, name="other-sessions"),
]
