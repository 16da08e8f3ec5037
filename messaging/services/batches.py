"""Writes of the hot path: they wait for a database thread, which does all that wait together."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from accounts.languages import chosen_by
from accounts.principal import live_claims
from accounts.tokens import Claims, InvalidToken
from chatsite.errors import DomainError
from chatsite.fastpath.bulk import Bulk
from chatsite.language import read_in
from chatsite.security.ratelimits import TooMany
from chatsite.security.request_limits import Limit, count_all
from messaging.services.changes import MessageChange, change_alone, change_messages
from messaging.services.conversations import ReadMark, move_mark, move_marks
from messaging.services.drafts import Draft
from messaging.services.messages import Sent, send_alone, send_messages
from messaging.shapes.record import MessageRecord


@dataclass(slots=True, eq=False)
class _Write(Bulk):
    """What one person writes, within their limits."""

    respond: Callable[[Any], Any]
    limits: Sequence[Limit] = ()
    claims: Claims | None = None  # whose session has to be checked
    language: str = ""  # of who reads a refusal; "" is the site's own
    refusal: Exception | None = None
    is_admitted: bool = False

    @property
    @abstractmethod
    def person(self) -> str:
        """The key of who writes."""

    @abstractmethod
    def do_alone(self) -> Any:
        """In a transaction of its own. Raises DomainError."""

    @classmethod
    @abstractmethod
    def outcomes(cls, works: Sequence[Self], languages: Sequence[str]) -> Sequence[Any]:
        """Within a transaction: the outcome of each, or a DomainError."""

    def __call__(self) -> Any:
        self.admit([self])
        if self.refusal:
            raise self.refusal
        with read_in(self.language):
            return self.respond(self.do_alone())

    @classmethod
    def admit(cls, works: Sequence[Self]) -> None:
        """Refuses by InvalidToken whose session has ended, or who is banned, and by TooMany."""
        works = [each for each in works if not each.is_admitted]
        live = live_claims({each.claims for each in works if each.claims})
        alive = [each for each in works if each.claims is None or each.claims in live]
        waits = iter(count_all([(limit, each.person) for each in alive for limit in each.limits]))
        for each in works:
            each.is_admitted = True
            each.refusal = InvalidToken()
        limited = []
        for each in alive:
            wait = next(filter(None, [next(waits) for _limit in each.limits]), 0)
            each.refusal = None
            if wait:
                with read_in(each.language):
                    each.refusal = refusal = TooMany(wait)
                limited.append((each, refusal))
        # They are refused by now, also where this query fails and each is done by itself.
        chosen = chosen_by(each.person for each, _refusal in limited if each.claims)
        for each, refusal in limited:
            refusal.language = chosen.get(each.person, "")

    @classmethod
    def do_all(cls, works: Sequence[Self]) -> list[Any]:
        outcomes = cls.outcomes(works, [each.language for each in works])
        return [
            outcome if isinstance(outcome, DomainError) else each.respond(outcome)
            for each, outcome in zip(works, outcomes, strict=True)
        ]


@dataclass(slots=True, eq=False, kw_only=True)
class SendWrite(_Write):
    """`respond` gets a Sent."""

    draft: Draft

    @property
    def person(self) -> str:
        return self.draft.sender_id

    def do_alone(self) -> Sent:
        return send_alone(self.draft)

    @classmethod
    def outcomes(cls, works: Sequence[Self], languages: Sequence[str]) -> Sequence[Any]:
        return send_messages([each.draft for each in works], languages)


@dataclass(slots=True, eq=False, kw_only=True)
class MarkWrite(_Write):
    """`respond` gets the mark's seq."""

    mark: ReadMark

    @property
    def person(self) -> str:
        return self.mark.reader_id

    def do_alone(self) -> int:
        return move_mark(self.mark)

    @classmethod
    def outcomes(cls, works: Sequence[Self], languages: Sequence[str]) -> Sequence[Any]:
        return move_marks([each.mark for each in works], languages)


@dataclass(slots=True, eq=False, kw_only=True)
class ChangeWrite(_Write):
    """`respond` gets the message's record."""

    change: MessageChange

    @property
    def person(self) -> str:
        return self.change.person

    def do_alone(self) -> MessageRecord:
        return change_alone(self.change)

    @classmethod
    def outcomes(cls, works: Sequence[Self], languages: Sequence[str]) -> Sequence[Any]:
        return change_messages([each.change for each in works], languages)
