"""The admin site: signed in and out by the same log-in as everything else."""

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class AdminSite(admin.AdminSite):
    site_header = _("Chatsite moderation")
    site_title = _("Chatsite moderation")
    index_title = _("Moderation")

    def login(self, request: HttpRequest, extra_context: object = None) -> HttpResponse:
        """No second session that would survive a ban: the product's own log-in page."""
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            return redirect("chats")
        return redirect_to_login(request.GET.get("next", reverse("admin:index")), reverse("login"))

    def logout(  # type: ignore[override]  # Django's renders a page of its own
        self, request: HttpRequest, extra_context: object = None
    ) -> HttpResponse:
        return redirect("logout", preserve_request=True)

    def password_change(  # type: ignore[override]  # likewise
        self, request: HttpRequest, extra_context: object = None
    ) -> HttpResponse:
        return redirect("profile")

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        """No form here needs it, and it would be a second way to search."""
        raise Http404
