"""What an adapter leans on inside a package, which promises none of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version


@contextmanager
def leaning_on(package: str, adapter: str, what: str) -> Iterator[None]:
    """Whatever fails within says so in a sentence."""
    try:
        yield
    except Exception as error:
        raise AssertionError(
            f"{package} {version(package)} changed {what}, on which {adapter} leans:"
            " read its new source and adapt that module, or pin the version of before."
        ) from error
