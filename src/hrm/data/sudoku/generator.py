"""Random solved grids, and puzzles with exactly one solution made from them by taking clues away."""

import numpy as np
from numpy.typing import NDArray

from hrm.data.compiled import compiled, count_bits, lowest_bit
from hrm.data.splitmix import next_word
from hrm.data.sudoku.layout import Layout
from hrm.data.sudoku.propagation import PLACED, Boards, fix, load, propagate
from hrm.data.sudoku.solver import search, store


@compiled
def draw(random: NDArray[np.uint64], count: int) -> int:
    """A number from 0 to count - 1; `random` is the state of a generator (hrm.data.splitmix)."""
    # The bias of the remainder is below count / 2**33.
    drawn: int = np.int64(next_word(random) >> np.uint64(31)) % count  # type: ignore[assignment]
    return drawn


@compiled
def shuffle(random: NDArray[np.uint64], values: NDArray[np.int64]) -> None:
    """Bring `values` into a random order (Fisher and Yates)."""
    for i in range(len(values) - 1, 0, -1):
        j = draw(random, i + 1)
        values[i], values[j] = values[j], values[i]


@compiled
def random_grid(shape: Layout, stack: NDArray[np.int64], random: NDArray[np.uint64], grid: Boards) -> None:
    """Write a random solved grid: random digits in random open cells, begun anew at a contradiction."""
    size = shape.size
    state = stack[0]
    while True:
        grid[:] = 0
        load(shape, state, grid)
        alive = True
        while alive and (state[PLACED] != shape.every0 or state[PLACED + 1] != shape.every1):
            cell = draw(random, size * size)
            word, bit = shape.word[cell], shape.bit[cell]
            if state[PLACED + word] >> bit & 1:
                continue
            digits = 0
            for digit in range(size):
                digits |= (state[2 * digit + word] >> bit & 1) << digit
            for _ in range(draw(random, count_bits(digits))):
                digits &= digits - 1
            fix(shape, state, lowest_bit(digits), word, bit)
            alive = propagate(shape, state, (1 << size) - 1)
        if alive:
            store(shape, state, grid)
            return


@compiled
def remove_clues(
    shape: Layout,
    stack: NDArray[np.int64],
    random: NDArray[np.uint64],
    board: Boards,
    order: NDArray[np.int64],
    clues: int,
) -> int:
    """Take clues away in random order while the solution stays the only one, down to `clues`; returns how many stay.

    With clues = 0 the result is minimal: no clue can be spared, because one that could not be spared before cannot
    be spared once others are gone.
    """
    none = np.zeros((0, 0), dtype=np.uint8)
    shuffle(random, order)
    left = 0
    for cell in order:
        left += board[cell] > 0
    for cell in order:
        if left <= clues:
            break
        if board[cell] == 0:
            continue
        digit = board[cell]
        board[cell] = 0
        found, _ = search(shape, stack, board, 2, 2**31 - 1, none)
        if found == 1:
            left -= 1
        else:
            board[cell] = digit
    return left
