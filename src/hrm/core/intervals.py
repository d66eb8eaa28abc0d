"""Confidence intervals of shares, and of the difference of two shares on the same puzzles.

The latter is Agresti and Min's (Statistics in Medicine 24, 2005): a half is added to each of the four counts of puzzles
that both, the first alone, the second alone, or neither solves. Without it, two ways of answering that agree on 20
puzzles would be proved equal; with it the interval has a width even when none differ.
"""

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


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


class Difference(NamedTuple):
    """How much more one way solves than the other, as shares of the puzzles."""

    value: float
    low: float
    high: float


def paired_difference(first: NDArray[np.bool_], second: NDArray[np.bool_], confidence: float) -> Difference:
    """Share that `first` solves minus share that `second` solves; both (puzzles,) of the same puzzles, at least one."""
    if len(first) != len(second) or not len(first):
        raise ValueError(f"{len(first)} and {len(second)} puzzles: both must be of the same puzzles, at least one")
    gained, lost = int((first & ~second).sum()), int((second & ~first).sum())
    total = len(first) + 2.0
    more, less = gained + 0.5, lost + 0.5
    middle = (more - less) / total
    variance = (more + less - (more - less) ** 2 / total) / total**2
    half = NormalDist().inv_cdf(0.5 + confidence / 2) * math.sqrt(variance)
    return Difference((gained - lost) / len(first), max(middle - half, -1.0), min(middle + half, 1.0))
