"""Messaging over the API: translate, call a service, respond."""

from django.utils.translation import gettext as _
from rest_framework import status
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.privacy import decoded
from accounts.requests import ApiRequest
from chatsite.api import FormView
from chatsite.errors import DomainError
from chatsite.parsers import JSONParser, MultiPartParser
from chatsite.security.request_limits import SENDS, check, check_message, searching
from chatsite.serializers import MAX_INTEGER, checked
from messaging.api import schema
from messaging.api.links import link
from messaging.payloads import (
    block_payload,
    chat_payload,
    chat_settings_payload,
    forwarded_payload,
    reactor_payload,
    report_payload,
    search_payload,
    sync_payload,
)
from messaging.presence import online_seen_by
from messaging.queries import sync
from messaging.queries.blocks import blocked_by
from messaging.queries.chats import chats_of
from messaging.queries.history import history_page
from messaging.queries.people import contacts_page, person_by_username
from messaging.queries.pins import pins
from messaging.queries.reactions import reactions_page
from messaging.queries.search import SearchCriteria, search
from messaging.queries.shared import shared_page
from messaging.serializers import (
    ChatSerializer,
    ClearQuery,
    ContactsQuery,
    DeletionSerializer,
    DisappearingSerializer,
    DraftSerializer,
    EditSerializer,
    ForwardSerializer,
    HistoryQuery,
    OpenSerializer,
    PrivacySerializer,
    ReactionsQuery,
    ReadMarkSerializer,
    ReportSerializer,
    SearchQuery,
    SendSerializer,
    SharedQuery,
    SyncQuery,
    UndoSerializer,
    WhomSerializer,
)
from messaging.services.blocks import block, unblock
from messaging.services.chat_settings import change_chat, save_draft
from messaging.services.conversations import mark_delivered, mark_read
from messaging.services.deletions import (
    UNDO_SECONDS,
    clear_chat,
    delete_messages,
    undo,
)
from messaging.services.disappearing import let_disappear
from messaging.services.edits import edit_message
from messaging.services.forwarding import forward_messages
from messaging.services.link_previews import remove_preview
from messaging.services.listenings import listen
from messaging.services.messages import send_message
from messaging.services.openings import open_once
from messaging.services.pins import pin, unpin
from messaging.services.privacy import change_privacy
from messaging.services.reactions import react, unreact
from messaging.services.reports import report
from messaging.services.requests import accept


class ContactsView(APIView):
    """Everyone but me, by name."""

    @schema.contacts
    def get(self, request: ApiRequest) -> Response:
        query = checked(ContactsQuery, request.query_params.dict())
        page = contacts_page(request.user, **query)
        response = Response(page.people)
        if page.cursor:
            response["Link"] = link(request, "next", cursor=page.cursor)
        return response


class ChatsView(APIView):
    """The people I have messages with and my groups, the pinned ones first, then the latest."""

    @schema.chats
    def get(self, request: ApiRequest) -> Response:
        online = online_seen_by(request.user.pk)
        chats = chats_of(request.user)
        return Response([chat_payload(chat, chat.peer.id in online) for chat in chats])


class ChatView(FormView):
    """How I keep a chat in my list."""

    serializer_class = ChatSerializer

    @schema.change_chat
    def patch(self, request: ApiRequest, peer: str) -> Response:
        fields = checked(ChatSerializer, request.data)
        settings = change_chat(user=request.user, peer=peer, **fields)
        return Response(chat_settings_payload(peer, settings))

    @schema.clear_chat
    def delete(self, request: ApiRequest, peer: str) -> Response:
        query = checked(ClearQuery, request.query_params.dict())
        clear_chat(user=request.user, peer=peer, **query)
        return Response({"success": True, "message": _("Chat deleted.")})


class DraftView(FormView):
    """What I have begun to write in a chat."""

    serializer_class = DraftSerializer

    @schema.save_draft
    def put(self, request: ApiRequest, peer: str) -> Response:
        fields = checked(DraftSerializer, request.data)
        settings = save_draft(user=request.user, peer=peer, **fields)
        return Response(chat_settings_payload(peer, settings))


class DisappearingView(FormView):
    """How long what is sent in a chat lasts."""

    serializer_class = DisappearingSerializer

    @schema.let_disappear
    def put(self, request: ApiRequest, peer: str) -> Response:
        fields = checked(DisappearingSerializer, request.data)
        check(SENDS, request.user.pk)  # it puts a message into the chat
        return Response({"seconds": let_disappear(user=request.user, peer=peer, **fields)})


class MessagesView(FormView):
    """GET: the messages with a peer, oldest first, the newest page unless `before` says otherwise.
    PUT: changes the text of a message; DELETE: deletes it. Its key stands where the peer's does."""

    serializer_class = EditSerializer

    @schema.history
    def get(self, request: ApiRequest, peer: str) -> Response:
        query = checked(HistoryQuery, request.query_params.dict())
        page = history_page(request.user, peer, **query)
        response = Response(page.messages)
        if page.before:
            response["Link"] = link(request, "prev", before=page.before)
        return response

    @schema.edit
    def put(self, request: ApiRequest, peer: str) -> Response:
        fields = checked(EditSerializer, request.data)
        check(SENDS, request.user.pk)
        return Response(edit_message(user=request.user, message_id=peer, **fields))

    @schema.delete
    def delete(self, request: ApiRequest, peer: str) -> Response:
        whom = checked(WhomSerializer, request.query_params.dict())["whom"]
        delete_messages(user=request.user, message_ids=[peer], whom=whom)
        return Response({"success": True, "message": _("Message deleted successfully")})


class DeletionsView(FormView):
    """Several messages at once."""

    serializer_class = DeletionSerializer

    @schema.delete_several
    def post(self, request: ApiRequest) -> Response:
        fields = checked(DeletionSerializer, request.data)
        return Response(
            {"undo": delete_messages(user=request.user, **fields), "seconds": UNDO_SECONDS}
        )


class UndoView(FormView):
    """Of a deletion."""

    serializer_class = UndoSerializer

    @schema.undo
    def post(self, request: ApiRequest) -> Response:
        undo(user=request.user, token=checked(UndoSerializer, request.data)["undo"])
        return Response({"success": True, "message": _("Restored.")})


class SendView(FormView):
    """Text, a picture, or both."""

    serializer_class = SendSerializer
    parser_classes = (JSONParser, MultiPartParser)

    @schema.send
    def post(self, request: ApiRequest, peer: str) -> Response:
        fields = checked(SendSerializer, request.data)
        check_message(request.user.pk, fields["image"])
        sent = send_message(sender=request.user, peer=peer, **fields)
        code = status.HTTP_201_CREATED if sent.created else status.HTTP_200_OK
        return Response(sent.record, status=code)


class ForwardView(FormView):
    """Copies of messages, to several chats."""

    serializer_class = ForwardSerializer

    @schema.forward
    def post(self, request: ApiRequest) -> Response:
        fields = checked(ForwardSerializer, request.data)
        forwarded = forward_messages(user=request.user, **fields)
        is_new = any(sent.created for sent in forwarded.sent)
        records = [sent.record for sent in forwarded.sent]
        code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return Response(forwarded_payload(records, forwarded.refused), status=code)


class ReadMarkView(FormView):
    """Up to which message I have read."""

    serializer_class = ReadMarkSerializer

    @schema.mark_read
    def put(self, request: ApiRequest, peer: str) -> Response:
        fields = checked(ReadMarkSerializer, request.data)
        return Response({"seq": mark_read(user=request.user, peer=peer, seq=fields["seq"])})

    @schema.mark_all_read
    def patch(self, request: ApiRequest, peer: str) -> Response:
        """As forks of the original call it: all of the conversation, where no `seq` is given."""
        body = request.data
        given = {"seq": MAX_INTEGER, **body} if isinstance(body, dict) else body
        fields = checked(ReadMarkSerializer, given)
        return Response({"seq": mark_read(user=request.user, peer=peer, seq=fields["seq"])})


class DeliveredMarkView(FormView):
    """Up to which message a device of mine has them."""

    serializer_class = ReadMarkSerializer

    @schema.mark_delivered
    def put(self, request: ApiRequest, peer: str) -> Response:
        fields = checked(ReadMarkSerializer, request.data)
        return Response({"seq": mark_delivered(user=request.user, peer=peer, seq=fields["seq"])})


class ReactionView(APIView):
    """My reaction to a message with one emoji: each of them is there or it is not."""

    @schema.react
    def put(self, request: ApiRequest, message: str, emoji: str) -> Response:
        return Response(react(user=request.user, message_id=message, emoji=emoji))

    @schema.unreact
    def delete(self, request: ApiRequest, message: str, emoji: str) -> Response:
        return Response(unreact(user=request.user, message_id=message, emoji=emoji))


class ReactionsView(APIView):
    """Who reacted to a message."""

    @schema.reactions
    def get(self, request: ApiRequest, conversation: str) -> Response:
        query = checked(ReactionsQuery, request.query_params.dict())
        page = reactions_page(request.user, conversation, **query)
        response = Response([reactor_payload(reactor) for reactor in page.reactors])
        if page.cursor:
            response["Link"] = link(request, "next", cursor=page.cursor)
        return response


class PreviewView(APIView):
    """What the page of the first link of my message says."""

    @schema.remove_preview
    def delete(self, request: ApiRequest, message: str) -> Response:
        return Response(remove_preview(user=request.user, message_id=message))


class ListenedView(APIView):
    """That I have listened to a voice message."""

    @schema.listen
    def put(self, request: ApiRequest, message: str) -> Response:
        return Response(listen(user=request.user, message_id=message))


class OpenView(FormView):
    """Opens what is seen once."""

    serializer_class = OpenSerializer

    @schema.open_once
    def post(self, request: ApiRequest, message: str) -> Response:
        fields = checked(OpenSerializer, request.data)
        return Response(open_once(user=request.user, message_id=message, **fields))


class PinView(APIView):
    """Whether a message is pinned in its conversation."""

    @schema.pin
    def put(self, request: ApiRequest, message: str) -> Response:
        return Response(pin(user=request.user, message_id=message))

    @schema.unpin
    def delete(self, request: ApiRequest, message: str) -> Response:
        return Response(unpin(user=request.user, message_id=message))


class PinsView(APIView):
    """The pinned messages of a conversation."""

    @schema.pins
    def get(self, request: ApiRequest, conversation: str) -> Response:
        return Response(pins(request.user, conversation))


class SharedView(APIView):
    """The pictures, files, voice messages or links of a conversation."""

    @schema.shared
    def get(self, request: ApiRequest, conversation: str) -> Response:
        query = checked(SharedQuery, request.query_params.dict())
        page = shared_page(request.user, conversation, **query)
        response = Response(page.messages)
        if page.before:
            response["Link"] = link(request, "next", before=page.before)
        return response


class SearchView(APIView):
    """Messages by what they say, files by their names, people and groups."""

    @schema.search
    def get(self, request: ApiRequest) -> Response:
        query = checked(SearchQuery, request.query_params.dict())
        limit, cursor = query.pop("limit"), query.pop("cursor")
        with searching(request.user.pk):
            found = search(request.user, SearchCriteria(**query), limit=limit, cursor=cursor)
        response = Response(search_payload(found))
        if found.cursor:
            response["Link"] = link(request, "next", cursor=found.cursor)
        return response


class SyncView(APIView):
    """All that changed for me since a cursor; without one, a cursor to start from."""

    @schema.sync
    def get(self, request: ApiRequest) -> Response:
        since = checked(SyncQuery, request.query_params.dict())["since"]
        return Response(
            sync_payload(sync.changes_since(request.user, since), online_seen_by(request.user.pk))
        )


class UsernameView(APIView):
    """Whose it is."""

    @schema.find_by_username
    def get(self, request: ApiRequest, username: str) -> Response:
        return Response(person_by_username(request.user, username))


class ReportsView(FormView):
    """What I report to the moderators of the site."""

    serializer_class = ReportSerializer

    @schema.make_report
    def post(self, request: ApiRequest) -> Response:
        fields = checked(ReportSerializer, request.data)
        made, created = report(user=request.user, **fields)
        code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response(report_payload(made), status=code)


class PrivacyView(FormView):
    """What I let others see of me."""

    serializer_class = PrivacySerializer

    @schema.privacy
    def get(self, request: ApiRequest) -> Response:
        return Response(decoded(request.user.privacy))

    @schema.change_privacy
    def patch(self, request: ApiRequest) -> Response:
        if not request.content_type:
            raise DomainError(_("Say what to change."))
        fields = checked(PrivacySerializer, request.data)
        return Response(change_privacy(user=request.user, **fields))


class BlocksView(APIView):
    """Whom I have blocked."""

    @schema.blocks
    def get(self, request: ApiRequest) -> Response:
        return Response([block_payload(blocked) for blocked in blocked_by(request.user)])


class BlockView(APIView):
    """Whether I have blocked somebody."""

    @schema.block
    def put(self, request: ApiRequest, person: str) -> Response:
        settings = block(user=request.user, person=person)
        return Response(chat_settings_payload(person, settings))

    @schema.unblock
    def delete(self, request: ApiRequest, person: str) -> Response:
        settings = unblock(user=request.user, person=person)
        return Response(chat_settings_payload(person, settings))


class RequestView(APIView):
    """The chat that a stranger has begun with me."""

    @schema.accept
    def put(self, request: ApiRequest, person: str) -> Response:
        settings = accept(user=request.user, person=person)
        return Response(chat_settings_payload(person, settings))
