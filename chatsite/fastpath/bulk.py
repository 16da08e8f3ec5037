"""Work of which much is done nearly as fast as little, when it comes at once."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Final, Self

LEFT: Final = object()  # instead of a result: this one is to be done by itself


class Undone(Exception):
    """It cannot be done at once after all, and nothing of it may be kept."""


class Bulk(ABC):
    """One piece of work. By itself or with others of its kind, the outcome is the same."""

    __slots__ = ()

    @abstractmethod
    def __call__(self) -> Any:
        """Does this one by itself."""

    @classmethod
    @abstractmethod
    def let_in(cls, works: Sequence[Self]) -> list[bool]:
        """Before the transaction: which of them may be done at once."""

    @classmethod
    @abstractmethod
    def do_all(cls, works: Sequence[Self]) -> list[Any]:
        """Within the transaction. Returns the result of each, or LEFT. Raises Undone."""
