"""Pictures of a conversation, for those who are in it."""

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from accounts.authentication import any_session
from chatsite.pictures import media
from chatsite.pictures.storage import shown
from messaging.models import Message
from messaging.queries.visibility import find_message


@require_safe
def message_picture(request: HttpRequest, message_id: str, name: str) -> HttpResponseBase:
    """404 for strangers and once the message is deleted; the address alone opens nothing."""
    session = any_session(request)
    message = find_message(session.user, message_id) if session else None
    if message is None or message.deleted or name not in _names(message):
        raise Http404
    return media.picture_response(request, "messages", name)


def _names(message: Message) -> set[str]:
    return {shown(name) for name in (message.image, message.thumbnail) if name}
