"""The eight turns of a grid, numbered as the published code numbers them (dataset/common.py).

0 to 3 quarter turns counter-clockwise, 4 mirrored left-right, 5 mirrored top-bottom, 6 and 7 transposed along the main
and the other diagonal.
"""

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
