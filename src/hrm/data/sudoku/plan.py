"""The group of Sudoku symmetries as numbers, and the seeded plan of augmentations; needs no PyTorch."""

import math

import numpy as np
from numpy.typing import NDArray

from hrm.core.seeds import numpy_generator
from hrm.data.sudoku.layout import line_permutations

IDENTITY = 0  # rank 0 of each part is the identity: all tables are in lexicographic order


def radices(box_height: int, box_width: int) -> tuple[int, int, int, int]:
    """How many renamings of digits, orders of rows, orders of columns and transpositions there are.

    A code is ((digits * rows + row order) * columns + column order) * transpositions + transposed.
    """
    rows = len(line_permutations(box_width, box_height))
    columns = len(line_permutations(box_height, box_width))
    return math.factorial(box_height * box_width), rows, columns, 2 if box_height == box_width else 1


def group_order(box_height: int, box_width: int) -> int:
    """Number of symmetries."""
    return math.prod(radices(box_height, box_width))


def augmentation_plan(
    seed: int, puzzles: int, augmentations: int, include_original: bool, box_height: int, box_width: int
) -> NDArray[np.int64]:
    """Codes of uniformly random symmetries: (puzzles, augmentations), after the identity if `include_original`."""
    generator = numpy_generator(seed, "augmentation")
    plan = generator.integers(group_order(box_height, box_width), size=(puzzles, augmentations), dtype=np.int64)
    if not include_original:
        return plan
    return np.concatenate([np.full((puzzles, 1), IDENTITY, dtype=np.int64), plan], axis=1)
