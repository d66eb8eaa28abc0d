"""Boards as bits: each digit's possible places are two 64-bit words, row by row, ten bits a row."""

import functools
import itertools
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

FIELD = 10  # bits a row: up to nine columns and one guard bit, so that a subtraction never borrows from the next row
GUARD = 9


class Layout(NamedTuple):
    """Masks of one board shape. Word 0 holds the first `split` rows, whole bands of them, word 1 the others."""

    size: int  # digits, rows, columns
    box_height: int
    box_width: int
    every0: int  # all cells
    every1: int
    guards0: int  # the guard bit of each row
    guards1: int
    corners0: int  # the top left cell of each box
    corners1: int
    tops0: int  # the first row of each band
    tops1: int
    box: int  # the cells of a box whose corner is bit 0
    columns: int  # one row of cells
    word: NDArray[np.int64]  # (cells,) word of a cell
    bit: NDArray[np.int64]  # (cells,) bit of a cell in its word
    cell: NDArray[np.int64]  # (2, 64) cell of a bit, or -1
    others: NDArray[np.int64]  # (2, 64, 2) mask of all cells but those that see the cell of a bit


@functools.cache
def layout(box_height: int, box_width: int) -> Layout:
    """The layout of boards with boxes of box_height rows by box_width columns; both at most 5, their product 9."""
    size = box_height * box_width
    split = 6 // box_height * box_height
    rows, columns = np.divmod(np.arange(size * size), size)
    word = (rows >= split).astype(np.int64)
    bit = (rows - split * word) * FIELD + columns
    boxes = rows // box_height * size + columns // box_width
    cell = np.full((2, 64), -1, dtype=np.int64)
    cell[word, bit] = np.arange(size * size)

    def mask(chosen: NDArray[np.bool_], which: int) -> int:
        return int(sum(1 << int(b) for b in bit[chosen & (word == which)]))

    others = np.full((2, 64, 2), -1, dtype=np.int64)
    for i in range(size * size):
        seen = (rows == rows[i]) | (columns == columns[i]) | (boxes == boxes[i])
        seen[i] = False
        others[word[i], bit[i]] = [~mask(seen, 0), ~mask(seen, 1)]
    everything = np.ones(size * size, dtype=bool)
    tops = rows % box_height == 0
    corners = tops & (columns % box_width == 0)
    guards = [sum(1 << (FIELD * row + GUARD) for row in range(count)) for count in (min(split, size), size - split)]
    box = sum(1 << (FIELD * row + column) for row in range(box_height) for column in range(box_width))
    return Layout(
        size=size,
        box_height=box_height,
        box_width=box_width,
        every0=mask(everything, 0),
        every1=mask(everything, 1),
        guards0=guards[0],
        guards1=guards[1] if size > split else 0,
        corners0=mask(corners, 0),
        corners1=mask(corners, 1),
        tops0=mask(tops, 0),
        tops1=mask(tops, 1),
        box=box,
        columns=(1 << size) - 1,
        word=word,
        bit=bit.astype(np.int64),
        cell=cell,
        others=others,
    )


@functools.cache
def line_permutations(groups: int, lines: int) -> NDArray[np.uint8]:
    """All orders of rows that keep bands together (or of columns and stacks), in lexicographic order.

    (groups! * lines!**groups, groups * lines): entry j is the old line that comes to place j.
    """
    inner = list(itertools.permutations(range(lines)))
    orders = [
        [group * lines + line for group, order in zip(outer, choice, strict=True) for line in order]
        for outer in itertools.permutations(range(groups))
        for choice in itertools.product(inner, repeat=groups)
    ]
    return np.array(sorted(orders), dtype=np.uint8)
