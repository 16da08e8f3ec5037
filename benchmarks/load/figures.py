"""Numbers out of what was measured."""

from collections.abc import Iterable, Sequence

Figures = dict[str, float]  # by name; "errors" above 0 means that the rest is no result

PERCENTILES = (50, 95, 99)


def percentile(sorted_values: Sequence[float], percent: float) -> float:
    """The value that `percent` of all do not exceed (nearest rank). ValueError without any."""
    if not sorted_values:
        raise ValueError("no values")
    rank = -(-len(sorted_values) * percent // 100)  # rounded up
    return sorted_values[max(0, int(rank) - 1)]


def percentiles(name: str, seconds: Iterable[float]) -> Figures:
    """`name_p50` and so on, in milliseconds; nothing where nothing was measured."""
    values = sorted(seconds)
    if not values:
        return {}
    return {f"{name}_p{at}": round(percentile(values, at) * 1000, 3) for at in PERCENTILES}


def median(values: Iterable[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2
