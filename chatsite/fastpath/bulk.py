"""Work of which much is done nearly as fast as little, when it comes at once."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Self


class Bulk(ABC):
    """One piece of work, which is done with what else of its kind waits: one is a batch of one."""

    __slots__ = ()
    refusal: Exception | None  # why it may not be done, by `admit`

    @abstractmethod
    def __call__(self) -> Any:
        """By itself, in a transaction of its own."""

    @classmethod
    @abstractmethod
    def admit(cls, works: Sequence[Self]) -> None:
        """Before the transaction, and once, however often they are tried: sets `refusal`."""

    @classmethod
    @abstractmethod
    def do_all(cls, works: Sequence[Self]) -> list[Any]:
        """Within a transaction. Returns the result of each, or the DomainError that refuses it:
        Busy when it has to wait for what the others need not.
        """
