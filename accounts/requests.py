"""What a request shows of the device it comes from."""

from django.http import HttpRequest
from rest_framework.request import Request

from accounts.models import Session, User
from accounts.services.sessions import start_session


class ApiRequest(Request):
    """A request to the API by somebody who is signed in."""

    user: User  # the default permission lets nobody else through
    auth: Session


def start_session_for(request: HttpRequest | Request, user: User) -> Session:
    return start_session(
        user=user,
        user_agent=request.headers.get("User-Agent", ""),
        address=request.META.get("REMOTE_ADDR", ""),
    )
