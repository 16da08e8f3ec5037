"""Whatever a test has a database thread do."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

from chatsite.errors import DomainError
from chatsite.fastpath.bulk import Bulk


@dataclass(slots=True, eq=False)
class Call(Bulk):
    work: Callable[[], Any]
    refusal: Exception | None = None

    def __call__(self) -> Any:
        return self.work()

    @classmethod
    def admit(cls, works: Sequence[Self]) -> None:
        """All of them."""

    @classmethod
    def do_all(cls, works: Sequence[Self]) -> list[Any]:
        return [each._outcome() for each in works]

    def _outcome(self) -> Any:
        try:
            return self.work()
        except DomainError as error:
            return error
