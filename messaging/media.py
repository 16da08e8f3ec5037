"""Pictures of a conversation, for those who are in it."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from accounts.authentication import any_session
from chatsite import media, storage
from messaging.querysets import find_message


@require_safe
def message_picture(request: HttpRequest, message_id: str, name: str) -> HttpResponse:
    """404 for strangers and once the message is deleted; the address alone opens nothing."""
    session = any_session(request)
    message = find_message(session.user, message_id) if session else None
    if message is None or message.deleted or name not in (message.image, message.thumbnail):
        raise Http404
    return media.picture_response(storage.path_of(name), f"private, {media.IMMUTABLE}")
