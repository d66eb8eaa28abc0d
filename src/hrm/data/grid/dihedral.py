"""The eight symmetries of a square grid as tables; needs no PyTorch.

Codes are the numbers of hrm.data.turns.
"""

import functools
import math

import numpy as np
from numpy.typing import NDArray

from hrm.data.turns import TURNS, turned

ORDER = TURNS
INVERSE = (0, 3, 2, 1, 4, 5, 6, 7)


@functools.cache
def sources(size: int) -> NDArray[np.int64]:
    """The cell that each new cell comes from: (8, cells)."""
    grid = np.arange(size * size).reshape(size, size)
    return np.stack([turned(grid, turn).ravel() for turn in range(TURNS)])


def class_keys(grids: NDArray[np.uint8]) -> list[bytes]:
    """A name for each square grid (batch, cells) that it shares with its eight images and with no other grid."""
    images = [grids[:, source] for source in sources(math.isqrt(grids.shape[1]))]
    return [min(image[row].tobytes() for image in images) for row in range(len(grids))]


def first_of_each_class(grids: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Row numbers, ascending, of the grids (batch, cells) that equal no earlier one under any symmetry."""
    first: dict[bytes, int] = {}
    for row, key in enumerate(class_keys(grids)):
        first.setdefault(key, row)
    return np.array(sorted(first.values()), dtype=np.int64)
