"""Answers to augmented copies of an ARC test input, brought back to the input itself and compared.

As the published evaluation (arc_eval.ipynb of the HRM repository): the grid of a prediction is the largest rectangle of
colours at its top left, turned back, with its colours named back. It compares hashes of grids; here a hash only finds
the grids that are compared, cell by cell.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hrm.data.arc.encoding import FIRST_COLOUR, VOCABULARY
from hrm.data.arc.group import IDENTITY, Grid, colour_tables
from hrm.data.compiled import compiled
from hrm.data.turns import COLUMNS_BACKWARDS, ROWS_BACKWARDS, TRANSPOSED, TURNS

_TURNS = np.array([TRANSPOSED, ROWS_BACKWARDS, COLUMNS_BACKWARDS], dtype=np.int64).T.copy()


class Answers(NamedTuple):
    """Different answers are numbered in the order in which they first occur."""

    numbers: NDArray[np.int64]  # (copies,) of the answer that each copy gave
    right: int  # number of the right answer; one more than those given where no copy gave it
    grids: NDArray[np.uint8]  # (answers, 2 + cells) height, width, then the cells of that grid, row by row


def collate(predictions: NDArray[np.uint8], codes: NDArray[np.int32], label: NDArray[np.uint8]) -> Answers:
    """What the copies of one test input answer.

    Args:
        predictions: (copies, cells) predicted tokens of the copies under `codes`; they need not be well-formed, and
            one without a colour at the top left is the empty grid, which is never right.
        codes: (copies,) symmetries, of hrm.data.arc.group.
        label: (cells,) tokens of the right answer to the input itself.
    """
    # The label comes last, so that it goes before no answer.
    tokens = np.concatenate([predictions, label[None]])
    elements = np.append(codes, IDENTITY)
    colours = colour_tables()[elements // TURNS].argsort(axis=1).astype(np.uint8)
    side = round(tokens.shape[1] ** 0.5)
    numbers, grids = _collate(tokens, _TURNS[elements % TURNS], colours, side)
    return Answers(numbers[:-1], int(numbers[-1]), grids)


def grid_of(row: NDArray[np.uint8]) -> Grid:
    """The grid (height, width) of a row of `Answers.grids`."""
    height, width = int(row[0]), int(row[1])
    return row[2 : 2 + height * width].reshape(height, width)


@compiled
def _collate(
    tokens: NDArray[np.uint8], turns: NDArray[np.int64], colours: NDArray[np.uint8], side: int
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Numbers (copies,) and grids (answers, 2 + cells) of tokens (copies, cells) under turns (copies, 3)."""
    count, cells = tokens.shape
    grids = np.zeros((count, cells + 2), dtype=np.uint8)
    numbers = np.empty(count, dtype=np.int64)
    slots = 16
    while slots < 2 * count:
        slots *= 2
    table = np.full(slots, -1, dtype=np.int64)
    found = 0
    for copy in range(count):
        # The grid is written where the next new answer belongs, and stays there if it is one.
        grid = grids[found]
        _undo(tokens[copy], turns[copy], colours[copy], side, grid)
        used = 2 + int(grid[0]) * int(grid[1])
        code = np.uint64(14695981039346656037)  # FNV-1a
        for place in range(used):
            code = (code ^ np.uint64(grid[place])) * np.uint64(1099511628211)
        slot = np.int64((code ^ (code >> np.uint64(32))) & np.uint64(slots - 1))
        while table[slot] >= 0 and not np.array_equal(grids[table[slot], :used], grid[:used]):
            slot = (slot + 1) % slots
        if table[slot] < 0:
            table[slot] = found
            found += 1
        numbers[copy] = table[slot]
    return numbers, grids[:found]


@compiled
def _undo(
    tokens: NDArray[np.uint8], turn: NDArray[np.int64], colours: NDArray[np.uint8], side: int, grid: NDArray[np.uint8]
) -> None:
    """Write height, width and cells of what was turned into `tokens`; `colours` (10,) are the old ones of the new."""
    height, width, wide = 0, 0, side
    for row in range(side):
        column = 0
        while column < wide and FIRST_COLOUR <= tokens[row * side + column] < VOCABULARY:
            column += 1
        wide = column
        if (row + 1) * wide > height * width:
            height, width = row + 1, wide
        if wide == 0:
            break
    transposed = turn[0] > 0
    grid[0], grid[1] = (width, height) if transposed else (height, width)
    stride = grid[1]
    for row in range(height):
        line = height - 1 - row if turn[1] else row
        for column in range(width):
            place = width - 1 - column if turn[2] else column
            at = place * stride + line if transposed else line * stride + place
            grid[2 + at] = colours[tokens[row * side + column] - FIRST_COLOUR]
