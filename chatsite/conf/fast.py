"""The pieces of the fast path (docs/performance.md), each of which can be left out to compare."""

from dataclasses import dataclass, fields

from django.core.exceptions import ImproperlyConfigured

from chatsite.conf.variables import several


@dataclass(frozen=True, slots=True)
class Fast:
    http: bool  # the calls of the hot path answered without Django's request handling
    statements: bool  # SQL made once, not at each query
    group_commit: bool  # what is sent at once stored in one transaction
    frames: bool  # a frame made once for all its receivers


PIECES = [field.name for field in fields(Fast)]


def read() -> Fast:
    without = several("FAST_PATH_WITHOUT")
    if unknown := sorted(set(without) - set(PIECES)):
        raise ImproperlyConfigured(
            f"FAST_PATH_WITHOUT names pieces of the fast path: {', '.join(PIECES)}; "
            f"not {unknown[0]!r}."
        )
    return Fast(**{piece: piece not in without for piece in PIECES})
