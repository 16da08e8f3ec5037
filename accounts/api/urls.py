from django.urls import path

from accounts.api import notifications, views

urlpatterns = [
    path("signup", views.SignUpView.as_view(), name="api-signup"),
    path("login", views.LogInView.as_view(), name="api-login"),
    path("logout", views.LogOutView.as_view(), name="api-logout"),
    path("check", views.CheckView.as_view(), name="api-check"),
    path("deletion", views.DeletionView.as_view(), name="api-deletion"),
    path("update-profile", views.UpdateProfileView.as_view(), name="api-update-profile"),
    path("username", views.UsernameView.as_view(), name="api-username"),
    path("invitations", views.InvitationsView.as_view(), name="api-invitations"),
    path("invitations/<str:invitation>", views.InvitationView.as_view(), name="api-invitation"),
    path("notifications", notifications.NotificationsView.as_view(), name="api-notifications"),
    path(
        "notifications/subscription",
        notifications.SubscriptionView.as_view(),
        name="api-push-subscription",
    ),
]
