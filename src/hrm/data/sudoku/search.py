"""The search that drives difficulty up: from a random puzzle to one whose rating lies in a wished window."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hrm.data.compiled import compiled
from hrm.data.sudoku.generator import draw, random_grid, remove_clues, shuffle
from hrm.data.sudoku.layout import Layout
from hrm.data.sudoku.propagation import Boards
from hrm.data.sudoku.solver import search

UNLIMITED = 2**31 - 1


class Goal(NamedTuple):
    """What one puzzle should be like."""

    clues: int  # 0: as few as can be, so that the puzzle is minimal
    least: int  # rating
    most: int


class Effort(NamedTuple):
    """How much work the search may do; params/tasks/sudoku.yaml says what the fields mean."""

    attempts: int
    passes: int
    solutions: int
    guesses: int
    neighbours: int
    imbalance: int


def make_puzzle(
    shape: Layout,
    stack: NDArray[np.int64],
    random: NDArray[np.uint64],
    effort: Effort,
    goal: Goal,
    puzzle: Boards,
    solution: Boards,
) -> int:
    """Write a puzzle that meets `goal` and its solution; returns its rating, or -1 when all attempts failed."""
    # Not compiled itself: a data set that takes puzzles as they come need not wait until the search is compiled.
    order = np.arange(len(puzzle))
    none = np.zeros((0, 0), dtype=np.uint8)
    for _ in range(effort.attempts):
        random_grid(shape, stack, random, puzzle)
        solution[:] = puzzle
        left = remove_clues(shape, stack, random, puzzle, order, goal.clues)
        if left != goal.clues and goal.clues > 0:
            continue
        _, rating = search(shape, stack, puzzle, 2, UNLIMITED, none)
        if rating < goal.least:
            rating = _drive_up(shape, stack, random, effort, goal, puzzle, solution)
        if goal.least <= rating <= goal.most:
            return rating
    return -1


@compiled
def _drive_up(
    shape: Layout,
    stack: NDArray[np.int64],
    random: NDArray[np.uint64],
    effort: Effort,
    goal: Goal,
    puzzle: Boards,
    solution: Boards,
) -> int:
    """Change `puzzle` and `solution` until they meet `goal`; returns the rating, or -1 after `passes` passes.

    A pass takes each clue away once and goes to the first neighbour that is no easier. A pass without gain has reached
    a summit: it gives away one more clue, which opens new ways. Superfluous clues go before a puzzle is handed out.
    """
    order, removal_order = np.arange(len(puzzle)), np.arange(len(puzzle))
    none = np.zeros((0, 0), dtype=np.uint8)
    solutions = np.zeros((effort.solutions, len(puzzle)), dtype=np.uint8)
    final, turned = puzzle.copy(), puzzle.copy()
    hardness, rating = _hardness(shape, stack, puzzle, turned, effort.imbalance, 0)
    for _ in range(effort.passes):
        before = hardness
        shuffle(random, order)
        for cell in order:
            if puzzle[cell] == 0:
                continue
            better, its_rating = _step(
                shape, stack, random, effort, int(cell), hardness, puzzle, solution, solutions, turned
            )
            if better < 0:
                continue
            hardness, rating = better, its_rating
            if rating > goal.most:
                return -1
            if rating >= goal.least:
                break
        if rating >= goal.least or hardness == before:
            final[:] = puzzle
            left = remove_clues(shape, stack, random, final, removal_order, goal.clues)
            _, final_rating = search(shape, stack, final, 2, UNLIMITED, none)
            if goal.least <= final_rating <= goal.most and (goal.clues == 0 or left == goal.clues):
                puzzle[:] = final
                return final_rating
        if hardness == before:
            free = draw(random, len(puzzle))
            while puzzle[free] > 0:
                free = draw(random, len(puzzle))
            puzzle[free] = solution[free]
            hardness, rating = _hardness(shape, stack, puzzle, turned, effort.imbalance, 0)
    return -1


@compiled
def _step(
    shape: Layout,
    stack: NDArray[np.int64],
    random: NDArray[np.uint64],
    effort: Effort,
    cell: int,
    hardness: int,
    puzzle: Boards,
    solution: Boards,
    solutions: Boards,
    turned: Boards,
) -> tuple[int, int]:
    """Take the clue of `cell` away, and give another one instead, so that the puzzle is no easier.

    Without the clue there are several solutions. Any digit that exactly one of them has in its cell, given as a clue,
    makes that one the only one. Returns hardness and rating of the new puzzle, or (-1, -1) when it stays as it was.
    """
    size, digit = shape.size, puzzle[cell]
    puzzle[cell] = 0
    found, guesses = search(shape, stack, puzzle, effort.solutions, effort.guesses, solutions)
    if found < 2 or found == effort.solutions or guesses >= effort.guesses:
        puzzle[cell] = digit
        return -1, -1
    owner = np.zeros((len(puzzle), size + 1), dtype=np.int64)  # 1 + which solution alone has this digit; -1: several
    for which in range(found):
        for place in range(len(puzzle)):
            value = solutions[which, place]
            owner[place, value] = which + 1 if owner[place, value] == 0 else -1
    clues = np.zeros(len(puzzle) * size, dtype=np.int64)
    count = 0
    for place in range(len(puzzle)):
        for value in range(1, size + 1):
            if puzzle[place] == 0 and owner[place, value] > 0 and not (place == cell and value == digit):
                clues[count] = place * (size + 1) + value
                count += 1
    for i in range(min(effort.neighbours, count)):
        j = i + draw(random, count - i)
        clues[i], clues[j] = clues[j], clues[i]
        place, value = clues[i] // (size + 1), clues[i] % (size + 1)
        puzzle[place] = value
        new, rating = _hardness(shape, stack, puzzle, turned, effort.imbalance, hardness)
        if new >= hardness:
            solution[:] = solutions[owner[place, value] - 1]
            return new, rating
        puzzle[place] = 0
    puzzle[cell] = digit
    return -1, -1


@compiled
def _hardness(
    shape: Layout, stack: NDArray[np.int64], puzzle: Boards, turned: Boards, imbalance: int, enough: int
) -> tuple[int, int]:
    """What the search climbs by, and the rating: the rating, or `imbalance` times that of the turned puzzle, if less.

    The rating depends on the order of the cells. By it alone the search would find puzzles that are hard only as they
    stand; turned by 180 degrees they must keep up. The turned one is left out when the rating is less than `enough`,
    and always when `imbalance` is 0.
    """
    none = np.zeros((0, 0), dtype=np.uint8)
    _, rating = search(shape, stack, puzzle, 2, UNLIMITED, none)
    if rating < enough or imbalance == 0:
        return rating, rating
    for cell in range(len(puzzle)):
        turned[cell] = puzzle[len(puzzle) - 1 - cell]
    _, other = search(shape, stack, turned, 2, UNLIMITED, none)
    return min(rating, imbalance * other), rating
