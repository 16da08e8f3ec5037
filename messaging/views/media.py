"""Pictures of a conversation, for those who are in it."""

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from accounts.authentication import any_session
from chatsite.pictures import media
from chatsite.pictures.storage import shown
from messaging.models import Message
from messaging.queries.visibility import find_message
from messaging.shapes.link_previews import decoded_preview


@require_safe
def message_picture(request: HttpRequest, message_id: str, name: str) -> HttpResponseBase:
    """404 for strangers and once the message is deleted; the address alone opens nothing."""
    message = _seen(request, message_id)
    if message is None or name not in _names(message):
        raise Http404
    return media.picture_response(request, "messages", name)


@require_safe
def preview_picture(request: HttpRequest, message_id: str, name: str) -> HttpResponseBase:
    """The same for that of the preview of its link."""
    message = _seen(request, message_id)
    preview = decoded_preview(message.preview) if message and message.preview else None
    if preview is None or name != preview.image:
        raise Http404
    return media.picture_response(request, "previews", name)


def _seen(request: HttpRequest, message_id: str) -> Message | None:
    session = any_session(request)
    message = find_message(session.user, message_id) if session else None
    return message if message and not message.deleted else None


def _names(message: Message) -> set[str]:
    return {shown(name) for name in (message.image, message.thumbnail) if name}
