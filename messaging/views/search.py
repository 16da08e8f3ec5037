"""What is found by the field of the side bar."""

from django.http import HttpResponse
from django.shortcuts import render

from accounts.access import SignedInRequest
from chatsite.security.budgets import searching
from chatsite.security.ratelimits import TooMany, with_retry_after
from messaging.page.search import asked, hits, people_without_chats
from messaging.queries import search as queries
from messaging.services.search_build import build_later
from messaging.views.groups import region

HITS_PER_PAGE = 20


@region
def search(request: SignedInRequest) -> HttpResponse:
    """Nothing for no words."""
    query = request.GET.get("q", "").replace("\0", "").strip()[: queries.WORDS_LENGTH]
    has, cursor = request.GET.get("has", ""), request.GET.get("cursor", "")
    if not query:
        return HttpResponse()
    try:
        with searching(request.user.pk):
            wanted = asked(request.user, query, has)
            found = queries.search(request.user, wanted, limit=HITS_PER_PAGE, cursor=cursor)
    except TooMany as error:
        return with_retry_after(HttpResponse(status=error.status), error)
    if found.is_building:
        build_later()
    context = {
        "hits": hits(request.user, found),
        "people": people_without_chats(request.user, found.people),
        "is_building": found.is_building,
        "is_first": not cursor,
        "query": query,
        "has": wanted.has or "",
        "cursor": found.cursor,
    }
    return render(request, "messaging/_search.html", context)
