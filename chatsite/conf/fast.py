"""The pieces of the fast path (docs/performance.md), each of which can be left out to compare."""

from dataclasses import dataclass, fields

from django.core.exceptions import ImproperlyConfigured

from chatsite.conf.variables import several


@dataclass(frozen=True, slots=True)
class Fast:
    """Without one, what needs it is left out, too."""

    # The calls of the hot path answered without Django's request handling. Without it a REST send
    # is stored by its view, hence alone.
    http: bool
    threads: bool  # threads of their own for the database
    group_commit: bool  # what is sent at once stored in one transaction; needs `threads`
    statements: bool  # SQL made once, not at each query
    packed: bool  # many rows fetched from SQLite as one text; needs `statements`
    frames: bool  # written straight to the server's connection


PIECES = [field.name for field in fields(Fast)]


def read() -> Fast:
    without = several("FAST_PATH_WITHOUT")
    if unknown := sorted(set(without) - set(PIECES)):
        raise ImproperlyConfigured(
            f"FAST_PATH_WITHOUT names pieces of the fast path: {', '.join(PIECES)}; "
            f"not {unknown[0]!r}."
        )
    return Fast(**{piece: piece not in without for piece in PIECES})
