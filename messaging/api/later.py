"""What happens later, over the API: scheduled messages and reminders."""

from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.requests import ApiRequest
from chatsite.api import FormView
from chatsite.security.request_limits import SENDS, check
from chatsite.serializers import checked
from messaging.api import schema_later as schema
from messaging.payloads import reminder_payload, scheduled_payload
from messaging.queries.reminders import reminders
from messaging.queries.scheduled import scheduled_of
from messaging.serializers import (
    ReminderSerializer,
    RescheduleSerializer,
    ScheduleSerializer,
)
from messaging.services.reminders import cancel_reminder, set_reminder
from messaging.services.scheduled import (
    cancel_scheduled,
    change_scheduled,
    schedule_message,
    send_now,
)


class ScheduleView(FormView):
    """A message that is sent later."""

    serializer_class = ScheduleSerializer

    @schema.schedule
    def post(self, request: ApiRequest, peer: str) -> Response:
        fields = checked(ScheduleSerializer, request.data)
        check(SENDS, request.user.pk)
        row, is_new = schedule_message(user=request.user, peer=peer, **fields)
        code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return Response(scheduled_payload(row), status=code)


class ScheduledListView(APIView):
    """My scheduled messages, the next one first."""

    @schema.scheduled
    def get(self, request: ApiRequest) -> Response:
        return Response([scheduled_payload(row) for row in scheduled_of(request.user)])


class ScheduledView(FormView):
    """One of them."""

    serializer_class = RescheduleSerializer

    @schema.reschedule
    def patch(self, request: ApiRequest, scheduled: str) -> Response:
        fields = checked(RescheduleSerializer, request.data)
        row = change_scheduled(user=request.user, key=scheduled, **fields)
        return Response(scheduled_payload(row))

    @schema.cancel
    def delete(self, request: ApiRequest, scheduled: str) -> Response:
        cancel_scheduled(user=request.user, key=scheduled)
        return Response({"success": True, "message": _("Not sent any more.")})


class SendNowView(APIView):
    @schema.send_now
    def post(self, request: ApiRequest, scheduled: str) -> Response:
        check(SENDS, request.user.pk)
        return Response(send_now(user=request.user, key=scheduled).record)


class RemindersView(APIView):
    """What I want to be reminded of."""

    @schema.reminders
    def get(self, request: ApiRequest) -> Response:
        return Response([reminder_payload(*each) for each in reminders(request.user)])


class ReminderView(FormView):
    """My reminder of a message."""

    serializer_class = ReminderSerializer

    @schema.remind
    def put(self, request: ApiRequest, message: str) -> Response:
        fields = checked(ReminderSerializer, request.data)
        return Response(set_reminder(user=request.user, message_id=message, **fields))

    @schema.forget
    def delete(self, request: ApiRequest, message: str) -> Response:
        cancel_reminder(user=request.user, message_id=message)
        return Response({"success": True, "message": _("You are not reminded any more.")})
