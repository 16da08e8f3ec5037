"""Groups over the API, and who is in a conversation: translate, call a service, respond."""

from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.requests import ApiRequest
from chatsite.api import FormView
from chatsite.parsers import JSONParser, MultiPartParser
from chatsite.security.request_limits import check_upload
from chatsite.serializers import checked
from messaging.api import schema
from messaging.api.links import link
from messaging.payloads import group_payload, member_payload, receipt_payload
from messaging.presence import online_seen_by
from messaging.queries.members import MembersPage, groups_in_common, members_page
from messaging.queries.receipts import receipts_page
from messaging.queries.visibility import find_group
from messaging.serializers import (
    ChangeGroupSerializer,
    GroupSerializer,
    MembersQuery,
    PageQuery,
    PeopleSerializer,
    ReceiptsQuery,
    RoleSerializer,
)
from messaging.services import groups


class GroupsView(FormView):
    serializer_class = GroupSerializer
    parser_classes = (JSONParser, MultiPartParser)

    @schema.create_group
    def post(self, request: ApiRequest) -> Response:
        fields = checked(GroupSerializer, request.data)
        check_upload(request.user.pk, fields["picture"])
        made = groups.create_group(user=request.user, **fields)
        code = status.HTTP_201_CREATED if made.created else status.HTTP_200_OK
        return Response(group_payload(made.group, made.role), status=code)


class GroupView(FormView):
    serializer_class = ChangeGroupSerializer
    parser_classes = (JSONParser, MultiPartParser)

    @schema.group
    def get(self, request: ApiRequest, group: str) -> Response:
        return Response(group_payload(*find_group(request.user, group)))

    @schema.change_group
    def patch(self, request: ApiRequest, group: str) -> Response:
        fields = checked(ChangeGroupSerializer, request.data)
        check_upload(request.user.pk, fields["picture"] or None)
        return Response(
            group_payload(*groups.change_group(user=request.user, group=group, **fields))
        )


class GroupMembersView(FormView):
    serializer_class = PeopleSerializer

    @schema.add_members
    def post(self, request: ApiRequest, group: str) -> Response:
        fields = checked(PeopleSerializer, request.data)
        changed = groups.add_members(user=request.user, group=group, **fields)
        return Response(group_payload(*changed))


class GroupMemberView(FormView):
    serializer_class = RoleSerializer

    @schema.remove_member
    def delete(self, request: ApiRequest, group: str, person: str) -> Response:
        groups.remove_member(user=request.user, group=group, person=person)
        message = _("You have left the group") if person == request.user.pk else _("Removed")
        return Response({"success": True, "message": message})

    @schema.set_role
    def patch(self, request: ApiRequest, group: str, person: str) -> Response:
        fields = checked(RoleSerializer, request.data)
        changed = groups.set_role(user=request.user, group=group, person=person, **fields)
        return Response(group_payload(*changed))


class GroupsInCommonView(APIView):
    """The groups that I am in with somebody."""

    @schema.groups_in_common
    def get(self, request: ApiRequest, person: str) -> Response:
        query = checked(PageQuery, request.query_params.dict())
        page = groups_in_common(request.user, person, **query)
        response = Response([group_payload(*found) for found in page.groups])
        if page.cursor:
            response["Link"] = link(request, "next", cursor=page.cursor)
        return response


class MembersView(APIView):
    """Who is in a conversation."""

    @schema.members
    def get(self, request: ApiRequest, conversation: str) -> Response:
        query = checked(MembersQuery, request.query_params.dict())
        return _page(request, members_page(request.user, conversation, **query))


class ReceiptsView(APIView):
    """Who has read a message, whose devices have it, and since when."""

    @schema.receipts
    def get(self, request: ApiRequest, conversation: str) -> Response:
        query = checked(ReceiptsQuery, request.query_params.dict())
        page = receipts_page(request.user, conversation, **query)
        response = Response([receipt_payload(receipt) for receipt in page.receipts])
        if page.cursor:
            response["Link"] = link(request, "next", cursor=page.cursor)
        return response


def _page(request: ApiRequest, page: MembersPage) -> Response:
    online = online_seen_by(request.user.pk)
    response = Response([member_payload(member, online) for member in page.members])
    if page.cursor:
        response["Link"] = link(request, "next", cursor=page.cursor)
    return response
