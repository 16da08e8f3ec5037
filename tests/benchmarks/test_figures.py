"""Numbers out of what was measured."""

import pytest

from benchmarks.load.figures import median, percentile, percentiles


class TestPercentile:
    @pytest.mark.parametrize(
        ("percent", "expected"), [(1, 1), (50, 50), (95, 95), (99, 99), (99.5, 100), (100, 100)]
    )
    def test_is_the_value_that_so_many_do_not_exceed(self, percent: float, expected: float) -> None:
        assert percentile(range(1, 101), percent) == expected

    def test_of_one_value_is_that_value(self) -> None:
        assert [percentile([7.0], percent) for percent in (0, 50, 99)] == [7, 7, 7]

    def test_of_nothing_is_refused(self) -> None:
        with pytest.raises(ValueError, match="no values"):
            percentile([], 50)


def test_percentiles_are_in_milliseconds_whatever_the_order() -> None:
    figures = percentiles("answered", [0.003, 0.001, 0.002])
    assert figures == {"answered_p50": 2, "answered_p95": 3, "answered_p99": 3}


def test_what_was_not_measured_has_no_percentiles() -> None:
    assert percentiles("answered", []) == {}


@pytest.mark.parametrize(("values", "expected"), [([3, 1, 2], 2), ([4, 1, 2, 3], 2.5), ([5], 5)])
def test_median(values: list[float], expected: float) -> None:
    assert median(values) == expected
