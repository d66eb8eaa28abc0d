"""Tokens of a maze: position in "# SGo" plus 1, as in the published code (dataset/build_maze_dataset.py); 0 pads."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hrm.data.grid.paths import DOWN, LEFT, RIGHT, UP

CHARACTERS = "# SGo"
WALL, OPEN, START, GOAL, PATH = range(1, 6)
VOCABULARY_SIZE = len(CHARACTERS) + 1
Mazes = NDArray[np.uint8]


class Layout(NamedTuple):
    """What a search needs to know of mazes."""

    openings: NDArray[np.uint8]  # (batch, cells) as in hrm.data.grid.paths
    starts: NDArray[np.int64]  # (batch,) cell of the first start; 0 where there is none
    goals: NDArray[np.int64]
    well_formed: NDArray[np.bool_]  # (batch,) walls and open cells with exactly one start and one goal, no more


def layout(mazes: Mazes, size: int) -> Layout:
    """Where one can go, of input tokens (batch, cells)."""
    grids = mazes.reshape(-1, size, size)
    free = grids != WALL
    openings = np.zeros(grids.shape, dtype=np.uint8)
    down, right = free[:, :-1] & free[:, 1:], free[:, :, :-1] & free[:, :, 1:]
    openings[:, :-1] |= down.astype(np.uint8) << DOWN
    openings[:, 1:] |= down.astype(np.uint8) << UP
    openings[:, :, :-1] |= right.astype(np.uint8) << RIGHT
    openings[:, :, 1:] |= right.astype(np.uint8) << LEFT
    starts, goals = mazes == START, mazes == GOAL
    known = ((mazes >= WALL) & (mazes <= GOAL)).all(axis=1)
    well_formed = known & (starts.sum(axis=1) == 1) & (goals.sum(axis=1) == 1)
    return Layout(openings.reshape(mazes.shape), starts.argmax(axis=1), goals.argmax(axis=1), well_formed)


def text(maze: Mazes, size: int) -> str:
    """A maze (cells,) in the published characters, one line a row."""
    characters = [("?" + CHARACTERS)[token] for token in maze]
    return "\n".join("".join(characters[at : at + size]) for at in range(0, size * size, size))
