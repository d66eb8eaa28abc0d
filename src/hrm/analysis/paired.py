"""Two ways of answering on the same puzzles: their difference, with an interval that has a width even when none differ.

Agresti and Min (Statistics in Medicine 24, 2005): a half is added to each of the four counts of puzzles that both, the
first alone, the second alone, or neither solves. Without it, two ways that agree on 20 puzzles would be proved equal.
"""

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


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
