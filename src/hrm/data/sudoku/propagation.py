"""Propagation on bit boards: naked and hidden singles to the end.

A state is one row of int64: two words of possible places for each of up to nine digits, then two words of placed
cells. A single is placed by taking its digit from the cells that see it, and all other digits from its cell; a cell
without a candidate, or a unit without a place for a digit, is a contradiction. Since candidates are only ever taken
away, the end does not depend on the order.
"""

import numpy as np
from numpy.typing import NDArray

from hrm.data.compiled import compiled, lowest_bit
from hrm.data.sudoku.layout import FIELD, GUARD, Layout

Boards = NDArray[np.uint8]
PLACED = 18  # index of the words of placed cells
LONGEST_SIDE = 5  # of a box


@compiled
def load(shape: Layout, state: NDArray[np.int64], board: Boards) -> bool:
    """All candidates that the clues leave by direct sight; False when two equal clues see each other."""
    size = shape.size
    for digit in range(size):
        state[2 * digit], state[2 * digit + 1] = shape.every0, shape.every1
    state[PLACED] = state[PLACED + 1] = 0
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
    state[PLACED + word] |= 1 << bit


@compiled
def propagate(shape: Layout, state: NDArray[np.int64], changed: int) -> bool:
    """Naked and hidden singles until nothing changes; False at a contradiction.

    `changed` holds a bit for each digit that lost a place since its hidden singles were last looked for.
    """
    every0, every1 = shape.every0, shape.every1
    placed0, placed1 = state[PLACED], state[PLACED + 1]
    while True:
        once0, once1, twice0, twice1 = 0, 0, 0, 0
        for digit in range(shape.size):
            places0, places1 = state[2 * digit], state[2 * digit + 1]
            twice0 |= once0 & places0
            twice1 |= once1 & places1
            once0 |= places0
            once1 |= places1
        if once0 != every0 or once1 != every1:
            return False
        single0, single1 = once0 & ~twice0 & ~placed0, once1 & ~twice1 & ~placed1
        if single0 | single1:
            for digit in range(shape.size):
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
                for other in range(shape.size):
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
            state[PLACED], state[PLACED + 1] = placed0, placed1
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
    boxes = _boxes_with_one(places, tops, corners, shape.box_height, shape.box_width)
    if boxes < 0:
        return -1
    return (rows - (rows >> GUARD)) | boxes * shape.box


@compiled
def _boxes_with_one(places: int, tops: int, corners: int, box_height: int, box_width: int) -> int:
    """Corners of the boxes of a word that hold exactly one place; -1 when one holds none."""
    # Loops of constant length are unrolled, and the whole search becomes one function: half the time.
    once, twice = places & tops, 0
    for row in range(1, LONGEST_SIDE):
        line = (places >> row * FIELD) & tops if row < box_height else 0
        twice |= once & line
        once |= line
    box_once, box_twice = once & corners, twice & corners
    for column in range(1, LONGEST_SIDE):
        line = (once >> column) & corners if column < box_width else 0
        box_twice |= ((twice >> column) & corners if column < box_width else 0) | box_once & line
        box_once |= line
    return box_once & ~box_twice if box_once == corners else -1
