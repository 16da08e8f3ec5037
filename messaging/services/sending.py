"""Messages that wait for a database thread, to be sent with what else waits there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from accounts.caller import live_claims
from accounts.tokens import Claims, InvalidToken
from chatsite.errors import DomainError
from chatsite.fastpath.bulk import Bulk
from chatsite.guard.counting import Limit, count_all
from chatsite.guard.ratelimits import TooMany
from messaging.services.drafts import Draft
from messaging.services.messages import Sent, send_alone, send_messages


@dataclass(slots=True, eq=False)
class Sending(Bulk):
    draft: Draft
    answer: Callable[[Sent], Any]
    limits: Sequence[Limit]
    claims: Claims | None = None  # whose session has to be looked at
    refusal: Exception | None = None
    is_admitted: bool = False

    def __call__(self) -> Any:
        self.admit([self])
        if self.refusal:
            raise self.refusal
        return self.answer(send_alone(self.draft))

    @classmethod
    def admit(cls, works: Sequence[Self]) -> None:
        """Refuses by InvalidToken whose session has ended, or who is banned, and by TooMany."""
        works = [each for each in works if not each.is_admitted]
        live = live_claims({each.claims for each in works if each.claims})
        alive = [each for each in works if each.claims is None or each.claims in live]
        waits = iter(
            count_all([(limit, each.draft.sender_id) for each in alive for limit in each.limits])
        )
        for each in works:
            each.is_admitted = True
            each.refusal = InvalidToken()
        for each in alive:
            wait = next(filter(None, [next(waits) for _limit in each.limits]), 0)
            each.refusal = TooMany(wait) if wait else None

    @classmethod
    def do_all(cls, works: Sequence[Self]) -> list[Any]:
        outcomes = send_messages([each.draft for each in works])
        return [
            outcome if isinstance(outcome, DomainError) else each.answer(outcome)
            for each, outcome in zip(works, outcomes, strict=True)
        ]
