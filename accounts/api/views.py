"""Accounts over the API: translate, call a service, respond."""

from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import cookies, rate_limited
from accounts.api import schema
from accounts.authentication import all_tokens
from accounts.links import site_of
from accounts.models import User
from accounts.payloads import invitation_payload, username_payload
from accounts.record import person_of
from accounts.requests import ApiRequest, start_session_for
from accounts.serializers import (
    DeletionSerializer,
    InvitationSerializer,
    LogInSerializer,
    ProfileSerializer,
    SignUpSerializer,
    UsernameSerializer,
)
from accounts.services import accounts, admission
from accounts.services.deletion import keep_account
from accounts.services.log_outs import ENDS_LATER, log_out
from chatsite.api import FormView
from chatsite.errors import DomainError
from chatsite.parsers import JSONParser, MultiPartParser
from chatsite.security.request_limits import check_upload
from chatsite.serializers import checked
from chatsite.wire import timestamp


class EntranceView(APIView):
    """Sign-up, log-in and log-out look at no token that comes along."""

    authentication_classes = ()
    permission_classes = (AllowAny,)


class SignUpView(EntranceView, FormView):
    serializer_class = SignUpSerializer

    @schema.sign_up
    def post(self, request: Request) -> Response:
        user = rate_limited.sign_up(request=request, **checked(SignUpSerializer, request.data))
        return _signed_in(request, user, status.HTTP_201_CREATED)


class LogInView(EntranceView, FormView):
    serializer_class = LogInSerializer

    @schema.log_in
    def post(self, request: Request) -> Response:
        user = rate_limited.log_in(request=request, **checked(LogInSerializer, request.data))
        return _signed_in(request, user, status.HTTP_200_OK)


class LogOutView(EntranceView):
    throttle_classes = ()  # it always works

    @schema.log_out
    def post(self, request: Request) -> Response:
        is_done = log_out(all_tokens(request))
        message = _("User logged out successfully") if is_done else ENDS_LATER
        response = Response({"message": message})
        cookies.clear_token_cookie(response)
        return response


class CheckView(APIView):
    @schema.check
    def get(self, request: ApiRequest) -> Response:
        return Response(person_of(request.user))


class UpdateProfileView(FormView):
    serializer_class = ProfileSerializer
    parser_classes = (JSONParser, MultiPartParser)

    @schema.update_profile
    def put(self, request: ApiRequest) -> Response:
        fields = checked(ProfileSerializer, request.data)
        if fields["full_name"] is None and fields["picture"] is None:
            message = _("Profile pic is required")
            raise DomainError(message, code="required", errors={"picture": [message]})
        check_upload(request.user.pk, fields["picture"])
        return Response(person_of(accounts.update_profile(user=request.user, **fields)))


class DeletionView(FormView):
    """Of one's own account."""

    serializer_class = DeletionSerializer

    @schema.deletion
    def get(self, request: ApiRequest) -> Response:
        return _deletion(request.user)

    @schema.request_deletion
    def post(self, request: ApiRequest) -> Response:
        fields = checked(DeletionSerializer, request.data)
        rate_limited.request_deletion(request=request, **fields)
        return _deletion(request.user, status.HTTP_202_ACCEPTED)

    @schema.keep_account
    def delete(self, request: ApiRequest) -> Response:
        keep_account(user=request.user)
        return _deletion(request.user)


def _deletion(user: User, status_code: int = status.HTTP_200_OK) -> Response:
    at = user.deletion_at
    return Response({"deletionAt": timestamp(at) if at else None}, status=status_code)


class UsernameView(FormView):
    """By which others find me."""

    serializer_class = UsernameSerializer

    @schema.username
    def get(self, request: ApiRequest) -> Response:
        return Response(username_payload(request.user, site_of(request)))

    @schema.choose_username
    def put(self, request: ApiRequest) -> Response:
        chosen = checked(UsernameSerializer, request.data)["username"]
        if chosen is None:
            raise DomainError(_("Say what to change."), code="required")
        user = accounts.update_profile(user=request.user, username=chosen)
        return Response(username_payload(user, site_of(request)))


class InvitationsView(FormView):
    """Those of mine that still work."""

    serializer_class = InvitationSerializer

    @schema.invitations
    def get(self, request: ApiRequest) -> Response:
        site = site_of(request)
        rows = admission.invitations_of(request.user)
        return Response([invitation_payload(row, site) for row in rows])

    @schema.invite
    def post(self, request: ApiRequest) -> Response:
        fields, site = checked(InvitationSerializer, request.data), site_of(request)
        made = admission.invite(user=request.user, site=site, **fields)
        return Response(invitation_payload(made, site), status=status.HTTP_201_CREATED)


class InvitationView(APIView):
    """One of mine."""

    @schema.withdraw
    def delete(self, request: ApiRequest, invitation: str) -> Response:
        admission.withdraw(user=request.user, key=invitation)
        return Response({"message": _("The invitation has been withdrawn.")})


def _signed_in(request: Request, user: User, status_code: int) -> Response:
    response = Response(person_of(user), status=status_code)
    cookies.set_token_cookie(response, start_session_for(request, user))
    return response
