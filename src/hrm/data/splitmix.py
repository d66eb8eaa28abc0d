"""SplitMix64 (Steele, Lea, Flood 2014): random words and a hash, for compiled functions of all families."""

import numpy as np
from numpy.typing import NDArray

from hrm.data.compiled import compiled


@compiled
def mixed(word: np.uint64) -> np.uint64:
    """A hash of one word: the finaliser."""
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


@compiled
def next_word(state: NDArray[np.uint64]) -> np.uint64:
    """64 random bits; `state` (1,) goes on."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    return mixed(state[0])
