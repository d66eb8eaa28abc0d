import pytest

from hrm.evaluation.intervals import wilson_interval


def test_wilson_interval_equals_its_formula() -> None:
    successes, total, z = 37, 120, 1.959963984540054
    p = successes / total
    middle = (p + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * (p * (1 - p) / total + z * z / (4 * total * total)) ** 0.5
    assert wilson_interval(successes, total, 0.95) == pytest.approx((middle - half, middle + half))


def test_wilson_interval_stays_between_0_and_1_and_never_is_a_point() -> None:
    for successes in (0, 10):
        low, high = wilson_interval(successes, 10, 0.95)
        assert 0.0 <= low < high <= 1.0


def test_wilson_interval_narrows_with_more_examples_and_widens_with_confidence() -> None:
    def width(total: int, confidence: float) -> float:
        low, high = wilson_interval(total // 2, total, confidence)
        return high - low

    assert width(1000, 0.95) < width(100, 0.95) < width(100, 0.99)


def test_wilson_interval_of_no_examples_is_an_error() -> None:
    with pytest.raises(ValueError, match="at least one example"):
        wilson_interval(0, 0, 0.95)
