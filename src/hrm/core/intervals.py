"""Confidence intervals of shares."""

import math
from statistics import NormalDist


def wilson_interval(successes: float, total: int, confidence: float) -> tuple[float, float]:
    """Wilson's score interval (1927) of successes / total, both ends between 0 and 1.

    It is right for independent examples, as exact accuracy counts them. It is wrong for cells: the cells of one puzzle
    are right or wrong together, so that cell accuracy is given without an interval.

    `successes` may be a mean of several counts. For the mean of shares in [0, 1], one an example, it is too wide, never
    too narrow.

    Raises ValueError when `total` is 0 or `successes` is not between 0 and `total`.
    """
    if total < 1 or not 0 <= successes <= total:
        raise ValueError(f"{successes} of {total}: an interval needs at least one example, and no more successes")
    # Four lines instead of scipy.stats, whose import takes longer than a small evaluation; a test compares the two.
    quantile = NormalDist().inv_cdf(0.5 + confidence / 2)
    share, shrink = successes / total, 1 + quantile**2 / total
    middle = (share + quantile**2 / (2 * total)) / shrink
    half = quantile / shrink * math.sqrt(share * (1 - share) / total + (quantile / (2 * total)) ** 2)
    return max(middle - half, 0.0), min(middle + half, 1.0)
