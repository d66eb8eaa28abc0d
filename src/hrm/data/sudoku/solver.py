"""The solver that defines difficulty, and counts solutions.

Propagation to the end: a cell with one candidate takes it (naked single), a digit with one place in a row, column
or box goes there (hidden single); the result does not depend on the order. Then branch on the cell with the fewest
candidates, and try its candidates in ascending order; each candidate tried is one guess. Of several cells with two
candidates the one that sees most others with two comes first; what is still equal goes in reading order. That rule
makes the tree smaller, and nearly the same however rows and columns are arranged (docs/log.md).

Rating = guesses in the whole search tree, which proves that the solution is the only one. The whole tree rather than
the way to the first solution, because then the rating does not depend on luck: it is the same whatever the digits are
called, and it is what the proof of uniqueness costs anyway. With more than one solution the search stops at `limit`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hrm.data.compiled import compiled, count_bits, lowest_bit
from hrm.data.sudoku.layout import Layout, layout
from hrm.data.sudoku.propagation import PLACED, Boards, fix, load, propagate

# Behind the placed cells, a state on the search stack keeps its branch: word and bit of the cell, digits not tried yet,
# all digits that were candidates.
BRANCH_WORD, BRANCH_BIT, LEFT, CHOICES, WIDTH = range(PLACED + 2, PLACED + 7)


class Rated(NamedTuple):
    """What the solver found, for each board."""

    solutions: Boards  # (..., cells) the first solution; zeros where there is none
    rating: NDArray[np.int32]  # (...) guesses
    found: NDArray[np.int32]  # (...) solutions, counted up to the limit


def rate(boards: Boards, box_height: int, box_width: int, limit: int = 2) -> Rated:
    """Solve and rate boards of digits, 0 for empty: (..., cells). A clue that breaks the rules gives no solution."""
    shape = layout(box_height, box_width)
    flat = np.ascontiguousarray(boards, dtype=np.uint8).reshape(-1, shape.size**2)
    solutions, rating, count = np.zeros_like(flat), np.zeros(len(flat), np.int32), np.zeros(len(flat), np.int32)
    _rate_all(shape, flat, limit, solutions, rating, count)
    leading = boards.shape[:-1]
    return Rated(solutions.reshape(boards.shape), rating.reshape(leading), count.reshape(leading))


def new_stack(shape: Layout) -> NDArray[np.int64]:
    """Room for the search: one state a level."""
    return np.zeros((shape.size**2 + 2, WIDTH), dtype=np.int64)


@compiled
def _rate_all(
    shape: Layout,
    boards: Boards,
    limit: int,
    solutions: Boards,
    rating: NDArray[np.int32],
    count: NDArray[np.int32],
) -> None:
    stack = np.zeros((shape.size * shape.size + 2, WIDTH), dtype=np.int64)
    for i in range(len(boards)):
        count[i], rating[i] = search(shape, stack, boards[i], limit, 2**31 - 1, solutions[i : i + 1])


@compiled
def search(
    shape: Layout, stack: NDArray[np.int64], board: Boards, limit: int, most_guesses: int, solutions: Boards
) -> tuple[int, int]:
    """Solutions found (up to `limit`) and guesses; the first len(solutions) of them are written to `solutions`.

    Gives up after `most_guesses`, with the number of solutions found until then.
    """
    found = 0
    guesses = 0
    if not load(shape, stack[0], board) or not propagate(shape, stack[0], (1 << shape.size) - 1):
        return found, guesses
    level = 0
    while True:
        state = stack[level]
        if state[PLACED] == shape.every0 and state[PLACED + 1] == shape.every1:
            if found < len(solutions):
                store(shape, state, solutions[found])
            found += 1
            if found == limit:
                return found, guesses
            level -= 1
        else:
            _choose(shape, state)
        # The next guess is the next digit of the deepest cell that has one left.
        while True:
            while level >= 0 and stack[level, LEFT] == 0:
                level -= 1
            if level < 0 or guesses >= most_guesses:
                return found, guesses
            state = stack[level]
            digit = lowest_bit(state[LEFT])
            state[LEFT] &= state[LEFT] - 1
            guesses += 1
            below = stack[level + 1]
            for i in range(PLACED + 2):
                below[i] = state[i]
            fix(shape, below, digit, state[BRANCH_WORD], state[BRANCH_BIT])
            if propagate(shape, below, state[CHOICES]):
                level += 1
                break


@compiled
def _choose(shape: Layout, state: NDArray[np.int64]) -> None:
    """Note the open cell to branch on, as the head of this file says, and its candidates."""
    size = shape.size
    best = size + 1
    two0, two1, three0, three1, once0, once1 = 0, 0, 0, 0, 0, 0
    for digit in range(size):
        places0, places1 = state[2 * digit], state[2 * digit + 1]
        three0 |= two0 & places0
        three1 |= two1 & places1
        two0 |= once0 & places0
        two1 |= once1 & places1
        once0 |= places0
        once1 |= places1
    pair0, pair1 = two0 & ~three0, two1 & ~three1
    word, bit = 0, 0
    if pair0 | pair1:
        word, bit = _most_seen_pair(shape, pair0, pair1)
    else:
        for cell in range(size * size):
            here, at = shape.word[cell], shape.bit[cell]
            if state[PLACED + here] >> at & 1:
                continue
            count = 0
            for digit in range(size):
                count += state[2 * digit + here] >> at & 1
            if count < best:
                best, word, bit = count, here, at
    digits = 0
    for digit in range(size):
        digits |= (state[2 * digit + word] >> bit & 1) << digit
    state[BRANCH_WORD], state[BRANCH_BIT] = word, bit
    state[LEFT] = state[CHOICES] = digits


@compiled
def _most_seen_pair(shape: Layout, pair0: int, pair1: int) -> tuple[int, int]:
    """Word and bit of the cell that sees most others, all cells given as two words; the first in reading order."""
    best, word, bit = -1, 0, 0
    for which in range(2):
        left = pair0 if which == 0 else pair1
        while left:
            at = lowest_bit(left)
            left &= left - 1
            seen = count_bits(pair0 & ~shape.others[which, at, 0]) + count_bits(pair1 & ~shape.others[which, at, 1])
            if seen > best:
                best, word, bit = seen, which, at
    return word, bit


@compiled
def store(shape: Layout, state: NDArray[np.int64], solution: Boards) -> None:
    """Write the digits of a state whose cells are all placed."""
    for cell in range(shape.size * shape.size):
        for digit in range(shape.size):
            if state[2 * digit + shape.word[cell]] >> shape.bit[cell] & 1:
                solution[cell] = digit + 1
