"""The eight symmetries of a square grid as tables; needs no PyTorch.

Codes as in the published code (dataset/common.py): 0 as it is, 1 to 3 turned by 90, 180 and 270 degrees
anticlockwise, 4 left and right swapped, 5 top and bottom swapped, 6 transposed, 7 transposed on the other diagonal.
"""

import functools
import math

import numpy as np
from numpy.typing import NDArray

ORDER = 8
INVERSE = (0, 3, 2, 1, 4, 5, 6, 7)


@functools.cache
def sources(size: int) -> NDArray[np.int64]:
    """The cell that each new cell comes from: (8, cells)."""
    grid = np.arange(size * size).reshape(size, size)
    turned = [np.rot90(grid, quarter) for quarter in range(4)]
    images = [*turned, grid[:, ::-1], grid[::-1], grid.T, np.rot90(grid, 2).T]
    return np.stack([image.ravel() for image in images])


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
