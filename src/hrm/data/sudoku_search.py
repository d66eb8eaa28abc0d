"""Puzzles of a wished difficulty: a target drawn for each, and a search that drives the rating up to it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hrm.core.errors import DataError
from hrm.core.schema import SudokuParams
from hrm.core.seeds import derive_seed, numpy_generator
from hrm.data.compiled import compiled
from hrm.data.shards import Arrays
from hrm.data.sudoku_generator import random_grid, remove_clues
from hrm.data.sudoku_layout import Layout, layout
from hrm.data.sudoku_solver import Boards, new_stack, search


class Wish(NamedTuple):
    """What the puzzles should be like."""

    box_height: int
    box_width: int
    clues: int  # 0: as few as can be, so that the puzzle is minimal
    minimum: int
    mean: float
    attempts: int

    @classmethod
    def of(cls, params: SudokuParams) -> "Wish":
        """The wish that the parameters express."""
        clues = 0 if params.clues == "minimal" else params.clues
        rating = params.rating
        return cls(params.box_height, params.box_width, clues, rating.minimum, rating.mean, rating.attempts)


def make_puzzles(wish: Wish, seed: int, indices: range) -> Arrays:
    """Puzzles, solutions (count, cells) and rating (count,); puzzle i depends on (seed, i) alone.

    DataError when no puzzle of the wished kind comes up in `attempts` attempts.
    """
    shape = layout(wish.box_height, wish.box_width)
    cells = shape.size**2
    puzzles = np.zeros((len(indices), cells), dtype=np.uint8)
    solutions = np.zeros_like(puzzles)
    rating = np.zeros(len(indices), dtype=np.int32)
    stack = new_stack(shape)
    for row, index in enumerate(indices):
        random = np.array([derive_seed(seed, "sudoku puzzle", index)], dtype=np.uint64)
        target = draw_target(wish, seed, index)
        rating[row] = _make(shape, stack, random, wish.clues, target, wish.attempts, puzzles[row], solutions[row])
        if rating[row] < 0:
            boxes, clues = f"{wish.box_height}x{wish.box_width}", wish.clues or "minimal"
            raise DataError(
                f"no puzzle with {boxes} boxes, {clues} clues and a rating of at least {target} came up in "
                f"{wish.attempts} attempts; allow more clues, a lower rating, or more rating.attempts"
            )
    return {"puzzles": puzzles, "solutions": solutions, "rating": rating}


def draw_target(wish: Wish, seed: int, index: int) -> int:
    """The least rating of puzzle `index`: the minimum and an exponential part, so that the mean is as wished."""
    generator = numpy_generator(seed, "sudoku rating", index)
    return wish.minimum + int(generator.exponential(max(wish.mean - wish.minimum, 0.0)))


@compiled
def _make(
    shape: Layout,
    stack: NDArray[np.int64],
    random: NDArray[np.uint64],
    clues: int,
    target: int,
    attempts: int,
    puzzle: Boards,
    solution: Boards,
) -> int:
    order = np.arange(shape.size * shape.size)
    none = np.zeros((0, 0), dtype=np.uint8)
    for _ in range(attempts):
        random_grid(shape, stack, random, puzzle)
        solution[:] = puzzle
        left = remove_clues(shape, stack, random, puzzle, order, clues)
        if clues > 0 and left != clues:
            continue
        _, guesses = search(shape, stack, puzzle, 2, 2**31 - 1, none)
        if guesses >= target:
            return guesses
    return -1
