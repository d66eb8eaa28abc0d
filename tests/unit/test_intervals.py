import pytest
from scipy.stats import binomtest

from hrm.core.intervals import wilson_interval


@pytest.mark.parametrize(("successes", "total"), [(0, 1), (1, 1), (0, 500), (37, 120), (5501, 10_000), (500, 500)])
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_wilson_interval_is_that_of_scipy(successes: int, total: int, confidence: float) -> None:
    known = binomtest(successes, total).proportion_ci(confidence, method="wilson")
    assert wilson_interval(successes, total, confidence) == pytest.approx((known.low, known.high), abs=1e-12)


def test_wilson_interval_stays_between_0_and_1_and_never_is_a_point() -> None:
    for successes in (0, 10):
        low, high = wilson_interval(successes, 10, 0.95)
        assert 0.0 <= low < high <= 1.0


def test_wilson_interval_narrows_with_more_examples_and_widens_with_confidence() -> None:
    def width(total: int, confidence: float) -> float:
        low, high = wilson_interval(total // 2, total, confidence)
        return high - low

    assert width(1000, 0.95) < width(100, 0.95) < width(100, 0.99)


@pytest.mark.parametrize(("successes", "total"), [(0, 0), (3, 2), (-1, 2)])
def test_wilson_interval_of_impossible_counts_is_an_error(successes: int, total: int) -> None:
    with pytest.raises(ValueError, match="at least one example"):
        wilson_interval(successes, total, 0.95)
