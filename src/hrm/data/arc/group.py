"""Symmetries of ARC tasks as numbers: one of 8 turns and a permutation of colours 1 to 9; needs no PyTorch.

An element first renames colours, then turns (the two commute). Its code is `rank of the permutation * 8 + turn`, 0 is
the identity. Turns are those of hrm.data.turns.
"""

import functools
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hrm.data.permutations import permutations, ranks
from hrm.data.turns import TURNS, turned

Grid = NDArray[np.uint8]  # (height, width) colours 0 to 9

COLOURS = 9  # that are permuted: 1 to 9; 0 is the background and stays
ORDER = TURNS * math.factorial(COLOURS)
IDENTITY = 0


@functools.cache
def colour_tables() -> Grid:
    """The new colour of each colour under each permutation: (9!, 10)."""
    orders = permutations(COLOURS)
    return np.concatenate([np.zeros((len(orders), 1), dtype=np.uint8), orders + np.uint8(1)], axis=1)


def apply_code(code: int, grid: Grid) -> Grid:
    """A grid (height, width) of colours under one element."""
    rank, turn = divmod(int(code), TURNS)
    return turned(colour_tables()[rank][grid], turn)


def compose(later: NDArray[Any], earlier: NDArray[Any]) -> NDArray[np.int32]:
    """Codes (batch,) of the elements that apply `earlier`, then `later`."""
    tables = colour_tables()
    names = np.take_along_axis(tables[later // TURNS], tables[earlier // TURNS], axis=1)
    return _join(names[:, 1:], turn_products()[later % TURNS, earlier % TURNS])


def inverse(codes: NDArray[Any]) -> NDArray[np.int32]:
    """Codes (batch,) of the elements that undo `codes`."""
    names = colour_tables()[codes // TURNS].argsort(axis=1)
    return _join(names[:, 1:], turn_products().argmin(axis=1)[codes % TURNS])


def code_name(code: int) -> str:
    """The element as the published builder writes it behind a task's name: t<turn>_<new colours of 0 to 9>."""
    rank, turn = divmod(int(code), TURNS)
    return f"t{turn}_{''.join(str(colour) for colour in colour_tables()[rank])}"


@functools.cache
def turn_products() -> NDArray[np.int64]:
    """The turn that is turn b, then turn a, at [a, b]: (8, 8)."""
    corners = np.arange(4).reshape(2, 2)
    seen = {turned(corners, turn).tobytes(): turn for turn in range(TURNS)}
    return np.array([[seen[turned(turned(corners, b), a).tobytes()] for b in range(TURNS)] for a in range(TURNS)])


def _join(names: Grid, turns: NDArray[np.int64]) -> NDArray[np.int32]:
    return (ranks(names.astype(np.uint8) - np.uint8(1)) * TURNS + turns).astype(np.int32)
