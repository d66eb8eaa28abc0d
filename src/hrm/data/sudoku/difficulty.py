"""What the parameters wanted, as one goal a puzzle: a rating drawn for each, so that the set has the wanted mean."""

import math
from typing import NamedTuple

import numpy as np

from hrm.core.errors import DataError
from hrm.core.seeds import derive_seed, numpy_generator
from hrm.data.shards import Arrays
from hrm.data.sudoku.layout import layout
from hrm.data.sudoku.params import SudokuParams
from hrm.data.sudoku.search import UNLIMITED, Effort, Goal, make_puzzle
from hrm.data.sudoku.solver import new_stack

# A rating may exceed the least one by this share and this many guesses: a narrow window costs many searches. What it
# exceeds it by on average is taken off the least one, roughly, so that the mean is as wanted or a little more.
WINDOW_SHARE, WINDOW, EXCESS = 0.2, 4, 0.06
CUT = 2.0  # the exponential part of the target is cut at this many scales: the hardest puzzles cost the most


class Difficulty(NamedTuple):
    """What the puzzles should be like, and how hard to try."""

    box_height: int
    box_width: int
    clues: int  # 0: as few as can be, so that the puzzle is minimal
    minimum: int
    mean: float
    effort: Effort

    @classmethod
    def of(cls, params: SudokuParams) -> "Difficulty":
        """The wanted that the parameters express, which must be those of generated puzzles."""
        assert params.clues is not None
        assert params.rating is not None
        assert params.search is not None
        clues = 0 if params.clues == "minimal" else params.clues
        rating, effort = params.rating, Effort(**params.search.model_dump())
        return cls(params.box_height, params.box_width, clues, rating.minimum, rating.mean, effort)


def make_puzzles(wanted: Difficulty, seed: int, indices: range) -> Arrays:
    """Puzzles, solutions (count, cells) and rating (count,); puzzle i depends on (seed, i) alone.

    DataError when no puzzle of the wanted kind comes up in all attempts.
    """
    shape = layout(wanted.box_height, wanted.box_width)
    puzzles = np.zeros((len(indices), shape.size**2), dtype=np.uint8)
    solutions = np.zeros_like(puzzles)
    rating = np.zeros(len(indices), dtype=np.int32)
    stack = new_stack(shape)
    for row, index in enumerate(indices):
        random = np.array([derive_seed(seed, "sudoku puzzle", index)], dtype=np.uint64)
        goal = draw_goal(wanted, seed, index)
        rating[row] = make_puzzle(shape, stack, random, wanted.effort, goal, puzzles[row], solutions[row])
        if rating[row] < 0:
            boxes, clues = f"{wanted.box_height}x{wanted.box_width}", goal.clues or "minimal"
            raise DataError(
                f"no puzzle with {boxes} boxes, {clues} clues and a rating of {goal.least} to {goal.most} came up in "
                f"{wanted.effort.attempts} attempts; allow more clues, a lower rating, or more search.attempts"
            )
    return {"puzzles": puzzles, "solutions": solutions, "rating": rating}


def draw_goal(wanted: Difficulty, seed: int, index: int) -> Goal:
    """Goal of puzzle `index`: rating.minimum and an exponential part that is cut, with rating.mean as their mean."""
    if wanted.mean == 0:
        return Goal(wanted.clues, wanted.minimum, UNLIMITED)
    uniform = numpy_generator(seed, "sudoku rating", index).random()
    reach = -math.expm1(-CUT)  # share of the exponential distribution below the cut
    exponential = -math.log1p(-uniform * reach)
    mean_of_cut = 1 - CUT * math.exp(-CUT) / reach
    least = wanted.minimum + int((wanted.mean - wanted.minimum) * exponential / mean_of_cut / (1 + EXCESS))
    return Goal(wanted.clues, least, math.ceil(least * (1 + WINDOW_SHARE)) + WINDOW)
