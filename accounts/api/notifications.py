"""How people are notified of what they missed, over the API."""

from typing import Any

from django.utils.translation import gettext as _
from msgspec.structs import asdict
from rest_framework.response import Response

from accounts.api import schema
from accounts.notifications import Notifications, NotificationsPayload, decoded
from accounts.requests import ApiRequest
from accounts.serializers import NotificationsSerializer, SubscriptionSerializer
from accounts.services.notifications import change_notifications
from accounts.services.push_subscriptions import is_subscribed, subscribe, unsubscribe
from chatsite.api import FormView
from chatsite.errors import DomainError
from chatsite.push.keys import public_key
from chatsite.serializers import checked


class NotificationsView(FormView):
    serializer_class = NotificationsSerializer

    @schema.notifications
    def get(self, request: ApiRequest) -> Response:
        return _response(request, decoded(request.user.notifications))

    @schema.change_notifications
    def patch(self, request: ApiRequest) -> Response:
        if not request.content_type:
            raise DomainError(_("Say what to change."))
        changes: dict[str, Any] = checked(NotificationsSerializer, request.data)
        return _response(request, change_notifications(user=request.user, **changes))


class SubscriptionView(FormView):
    """Of the session of the token."""

    serializer_class = SubscriptionSerializer

    @schema.subscribe
    def put(self, request: ApiRequest) -> Response:
        subscribe(session=request.auth, **checked(SubscriptionSerializer, request.data))
        return _response(request, decoded(request.user.notifications))

    @schema.unsubscribe
    def delete(self, request: ApiRequest) -> Response:
        unsubscribe(sessions=[request.auth.pk])
        return _response(request, decoded(request.user.notifications))


def _response(request: ApiRequest, chosen: Notifications) -> Response:
    is_there = is_subscribed(request.auth)
    payload = NotificationsPayload(**asdict(chosen), public_key=public_key(), subscribed=is_there)
    return Response(payload)
