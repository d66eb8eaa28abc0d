"""Confidence intervals of shares."""

from scipy.stats import binomtest


def wilson_interval(successes: int, total: int, confidence: float) -> tuple[float, float]:
    """Wilson's score interval (1927) of successes / total, both ends between 0 and 1.

    It is right for independent examples, as exact accuracy counts them. It is wrong for cells: the cells of one puzzle
    are right or wrong together, so that cell accuracy is given without an interval.

    Raises ValueError when `total` is 0.
    """
    if total < 1:
        raise ValueError("an interval needs at least one example")
    interval = binomtest(successes, total).proportion_ci(confidence, method="wilson")
    return float(interval.low), float(interval.high)
