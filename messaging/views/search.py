"""What is found by the field of the side bar."""

from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render

from accounts.access import SignedInRequest
from chatsite.security.ratelimits import TooMany, with_retry_after
from chatsite.security.request_limits import searching
from messaging.page.search import ParsedSearch, hits, parse_search, people_without_chats
from messaging.queries import search as queries
from messaging.queries.search import SearchCriteria
from messaging.views.groups import region

HITS_PER_PAGE = 20


@region
def search(request: SignedInRequest) -> HttpResponse:
    """Nothing for no words and no filters."""
    query = request.GET.get("q", "").replace("\0", "")[: queries.WORDS_LENGTH]
    cursor = request.GET.get("cursor", "")
    try:
        with searching(request.user.pk):
            looked_for = parse_search(request.user, query, request.GET)
            criteria = looked_for.criteria
            if not (query.strip() or criteria.is_filtered):
                return HttpResponse()
            found = queries.search(request.user, criteria, limit=HITS_PER_PAGE, cursor=cursor)
    except TooMany as error:
        return with_retry_after(HttpResponse(status=error.status), error)
    context = {
        "wanted": looked_for,
        "hits": hits(request.user, found.messages),
        "files": hits(request.user, found.files),
        "people": people_without_chats(request.user, found.people),
        "is_building": found.is_building,
        "is_first": not cursor,
        "query": query,
        "has": criteria.has or "",
        "is_only_chat": criteria == SearchCriteria(chat=criteria.chat, order=criteria.order),
        "cursor": found.cursor,
        "more": urlencode(_chosen(looked_for) | {"cursor": found.cursor}),
    }
    return render(request, "messaging/_search.html", context)


def _chosen(looked_for: ParsedSearch) -> dict[str, str]:
    """The query of the same search, whatever the field and the chips have become by then."""
    chips = {each.name: each.value for each in looked_for.chips}
    return chips | {"q": looked_for.rest, "has": looked_for.criteria.has or ""}
