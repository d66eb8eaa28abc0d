"""The solver that defines difficulty, and counts solutions.

Propagation to the end: a cell with one candidate takes it (naked single), a digit with one place in a row, column
or box goes there (hidden single); the result does not depend on the order. Then branch on the cell with the fewest
candidates, the first in reading order, and try its candidates in ascending order; each candidate tried is one
guess.

Rating = guesses in the whole search tree, which proves that the solution is the only one. The whole tree rather than
the way to the first solution, because then the rating does not depend on luck: it is the same whatever the digits are
called, and it is what the proof of uniqueness costs anyway. With more than one solution the search stops at `limit`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hrm.data.compiled import compiled, lowest_bit
from hrm.data.sudoku_layout import FIELD, GUARD, Layout, layout

Boards = NDArray[np.uint8]


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
    """Room for the search: (depth, 2 words a digit, 2 words of placed cells, branch word, bit and digits left)."""
    return np.zeros((shape.size**2 + 2, 2 * shape.size + 6), dtype=np.int64)


@compiled
def _rate_all(
    shape: Layout,
    boards: Boards,
    limit: int,
    solutions: Boards,
    rating: NDArray[np.int32],
    count: NDArray[np.int32],
) -> None:
    stack = np.zeros((shape.size * shape.size + 2, 2 * shape.size + 6), dtype=np.int64)
    for i in range(len(boards)):
        count[i], rating[i] = search(shape, stack, boards[i], limit, 2**31 - 1, solutions[i : i + 1])


@compiled
def search(
    shape: Layout, stack: NDArray[np.int64], board: Boards, limit: int, most_guesses: int, solutions: Boards
) -> tuple[int, int]:
    """Solutions found (up to `limit`) and guesses; the first len(solutions) of them are written to `solutions`.

    Gives up after `most_guesses`, with the number of solutions found until then.
    """
    size = shape.size
    placed = 2 * size
    branch_word, branch_bit, left, changed = placed + 2, placed + 3, placed + 4, placed + 5
    found = 0
    guesses = 0
    if not load(shape, stack[0], board) or not propagate(shape, stack[0], (1 << size) - 1):
        return found, guesses
    level = 0
    while True:
        state = stack[level]
        if state[placed] == shape.every0 and state[placed + 1] == shape.every1:
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
            while level >= 0 and stack[level, left] == 0:
                level -= 1
            if level < 0 or guesses >= most_guesses:
                return found, guesses
            state = stack[level]
            digit = lowest_bit(state[left])
            state[left] &= state[left] - 1
            guesses += 1
            below = stack[level + 1]
            for i in range(placed + 2):
                below[i] = state[i]
            fix(shape, below, digit, state[branch_word], state[branch_bit])
            if propagate(shape, below, state[changed]):
                level += 1
                break


@compiled
def load(shape: Layout, state: NDArray[np.int64], board: Boards) -> bool:
    """All candidates that the clues leave by direct sight; False when two equal clues see each other."""
    size = shape.size
    for digit in range(size):
        state[2 * digit], state[2 * digit + 1] = shape.every0, shape.every1
    state[2 * size] = state[2 * size + 1] = 0
    for cell in range(size * size):
        if board[cell] == 0:
            continue
        if board[cell] > size:
            return False
        word, bit = shape.word[cell], shape.bit[cell]
        digit = board[cell] - 1
        if state[2 * digit + word] >> bit & 1 == 0:
            return False
        fix(shape, state, digit, word, bit)
    return True


@compiled
def fix(shape: Layout, state: NDArray[np.int64], digit: int, word: int, bit: int) -> None:
    """Place a digit: no other digit in the cell, not the same digit in sight of it."""
    keep = ~(1 << bit)
    for other in range(shape.size):
        state[2 * other + word] &= keep
    state[2 * digit] &= shape.others[word, bit, 0]
    state[2 * digit + 1] &= shape.others[word, bit, 1]
    state[2 * digit + word] |= 1 << bit
    state[2 * shape.size + word] |= 1 << bit


@compiled
def propagate(shape: Layout, state: NDArray[np.int64], changed: int) -> bool:
    """Naked and hidden singles until nothing changes; False at a contradiction.

    `changed` holds a bit for each digit that lost a place since its hidden singles were last looked for.
    """
    size = shape.size
    every0, every1 = shape.every0, shape.every1
    placed0, placed1 = state[2 * size], state[2 * size + 1]
    while True:
        once0, once1, twice0, twice1 = 0, 0, 0, 0
        for digit in range(size):
            places0, places1 = state[2 * digit], state[2 * digit + 1]
            twice0 |= once0 & places0
            twice1 |= once1 & places1
            once0 |= places0
            once1 |= places1
        if once0 != every0 or once1 != every1:
            return False
        single0, single1 = once0 & ~twice0 & ~placed0, once1 & ~twice1 & ~placed1
        if single0 | single1:
            for digit in range(size):
                hit0, hit1 = state[2 * digit] & single0, state[2 * digit + 1] & single1
                if hit0 | hit1:
                    _exclude(shape, state, digit, hit0, hit1)
                    changed |= 1 << digit
            placed0 |= single0
            placed1 |= single1
            continue
        progress = False
        while changed:
            digit = lowest_bit(changed)
            changed &= changed - 1
            places0, places1 = state[2 * digit], state[2 * digit + 1]
            hidden0, hidden1 = _hidden(shape, places0, places1)
            if hidden0 < 0:
                return False
            hidden0 &= ~placed0
            hidden1 &= ~placed1
            if hidden0 | hidden1:
                progress = True
                for other in range(size):
                    before0, before1 = state[2 * other], state[2 * other + 1]
                    if (before0 & hidden0) | (before1 & hidden1):
                        state[2 * other] = before0 & ~hidden0
                        state[2 * other + 1] = before1 & ~hidden1
                        changed |= 1 << other
                state[2 * digit], state[2 * digit + 1] = places0, places1
                _exclude(shape, state, digit, hidden0, hidden1)
                placed0 |= hidden0
                placed1 |= hidden1
                break
        if not progress:
            state[2 * size], state[2 * size + 1] = placed0, placed1
            return True


@compiled
def _exclude(shape: Layout, state: NDArray[np.int64], digit: int, hit0: int, hit1: int) -> None:
    """Take `digit` from all cells that see one of the cells `hit`."""
    keep0, keep1 = -1, -1
    while hit0:
        bit = lowest_bit(hit0)
        keep0 &= shape.others[0, bit, 0]
        keep1 &= shape.others[0, bit, 1]
        hit0 &= hit0 - 1
    while hit1:
        bit = lowest_bit(hit1)
        keep0 &= shape.others[1, bit, 0]
        keep1 &= shape.others[1, bit, 1]
        hit1 &= hit1 - 1
    state[2 * digit] &= keep0
    state[2 * digit + 1] &= keep1


@compiled
def _hidden(shape: Layout, places0: int, places1: int) -> tuple[int, int]:
    """Cells that are a digit's only place in their row, column or box; (-1, -1) when a unit has no place for it."""
    once, twice = places0 | places1, places0 & places1
    twice |= (twice >> 3 * FIELD) | (once & once >> 3 * FIELD)
    once |= once >> 3 * FIELD
    second, third = once >> FIELD, once >> 2 * FIELD
    twice |= (twice >> FIELD) | (twice >> 2 * FIELD) | (once & (second | third)) | (second & third)
    once |= second | third
    if once & shape.columns != shape.columns:
        return -1, -1
    single = once & ~twice & shape.columns
    single |= single << FIELD
    single |= (single << 2 * FIELD) | (single << 4 * FIELD)
    hidden0, hidden1 = places0 & single, places1 & single
    mask0 = _unit_singles(shape, places0, shape.guards0, shape.tops0, shape.corners0)
    mask1 = _unit_singles(shape, places1, shape.guards1, shape.tops1, shape.corners1)
    if mask0 < 0 or mask1 < 0:
        return -1, -1
    return hidden0 | places0 & mask0, hidden1 | places1 & mask1


@compiled
def _unit_singles(shape: Layout, places: int, guards: int, tops: int, corners: int) -> int:
    """All cells of those rows and boxes of a word that hold exactly one place; -1 when one holds none."""
    rest = (places | guards) - (guards >> GUARD)
    if rest & guards != guards:
        return -1
    several = ((rest & places) | guards) - (guards >> GUARD)
    rows = guards & ~several
    once, twice = places & tops, 0
    for row in range(1, shape.box_height):
        line = (places >> row * FIELD) & tops
        twice |= once & line
        once |= line
    box_once, box_twice = once & corners, twice & corners
    for column in range(1, shape.box_width):
        line = (once >> column) & corners
        box_twice |= (twice >> column) & corners | box_once & line
        box_once |= line
    if box_once != corners:
        return -1
    return (rows - (rows >> GUARD)) | (box_once & ~box_twice) * shape.box


@compiled
def _choose(shape: Layout, state: NDArray[np.int64]) -> None:
    """Note the open cell with the fewest candidates, the first in reading order, and its candidates."""
    size = shape.size
    placed, best = 2 * size, size + 1
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
    if pair0:
        word, bit = 0, lowest_bit(pair0)
    elif pair1:
        word, bit = 1, lowest_bit(pair1)
    else:
        word, bit = 0, 0
        for cell in range(size * size):
            here, at = shape.word[cell], shape.bit[cell]
            if state[placed + here] >> at & 1:
                continue
            count = 0
            for digit in range(size):
                count += state[2 * digit + here] >> at & 1
            if count < best:
                best, word, bit = count, here, at
    digits = 0
    for digit in range(size):
        digits |= (state[2 * digit + word] >> bit & 1) << digit
    state[placed + 2], state[placed + 3], state[placed + 4], state[placed + 5] = word, bit, digits, digits


@compiled
def store(shape: Layout, state: NDArray[np.int64], solution: Boards) -> None:
    """Write the digits of a state whose cells are all placed."""
    for cell in range(shape.size * shape.size):
        for digit in range(shape.size):
            if state[2 * digit + shape.word[cell]] >> shape.bit[cell] & 1:
                solution[cell] = digit + 1
