"""The eight turns of a grid, numbered as the published code numbers them (dataset/common.py); needs no PyTorch.

They are the symmetries of a square grid.

0 to 3 quarter turns counter-clockwise, 4 mirrored left-right, 5 mirrored top-bottom, 6 and 7 transposed along the main
and the other diagonal.
"""

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

TURNS = 8
# Of each turn, seen from the new grid: whether rows and columns change places, and whether its rows and columns count
# backwards.
TRANSPOSED = (0, 1, 0, 1, 0, 0, 1, 1)
ROWS_BACKWARDS = (0, 1, 1, 0, 0, 1, 0, 1)
COLUMNS_BACKWARDS = (0, 0, 1, 1, 1, 0, 0, 1)
_TURNED: list[Callable[[NDArray[Any]], NDArray[Any]]] = [
    lambda grid: grid,
    lambda grid: np.rot90(grid, 1),
    lambda grid: np.rot90(grid, 2),
    lambda grid: np.rot90(grid, 3),
    np.fliplr,
    np.flipud,
    np.transpose,
    lambda grid: np.rot90(grid, 2).T,
]


def turned(grid: NDArray[Any], turn: int) -> NDArray[Any]:
    """A grid (height, width) after turn 0 to 7."""
    return _TURNED[turn](grid)


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
