"""Tokens of a lattice maze, one a cell: which sides are open, and whether the cell is the start or the goal.

    input = 1 + openings + 16 * role        openings: bit m is set where move m (up, down, left, right) has no wall
                                            role: 0 plain, 1 start, 2 goal
    label = 1 + move to the next cell of the path; 0, which does not count, at the goal and off the path

With the encoding "open_cells" every cell has all four sides open: the published benchmark of the pointer-over-heads
controller hands its models a grid in which each lattice cell is free, so they see start and goal but no wall, and its
rollouts walk through walls (experiments/run_12x12_8m_benchmark.py of Eran-BA/PoT).
"""

import numpy as np
from numpy.typing import NDArray

from hrm.data.maze import tokens as maze

ROLES = 3
PLAIN, START, GOAL = range(ROLES)
SIDES = 16  # combinations of open sides
VOCABULARY_SIZE = 1 + SIDES * ROLES
Tokens = NDArray[np.uint8]


def encode(openings: Tokens, starts: NDArray[np.int64], goals: NDArray[np.int64]) -> Tokens:
    """Input tokens (batch, cells) of openings (batch, cells), starts and goals (batch,)."""
    roles = np.zeros_like(openings)
    rows = np.arange(len(openings))
    roles[rows, starts] = START
    roles[rows, goals] = GOAL
    return openings + np.uint8(1) + roles * np.uint8(SIDES)


def decode(tokens: Tokens) -> tuple[Tokens, NDArray[np.int64], NDArray[np.int64]]:
    """Openings (batch, cells), starts and goals (batch,) of input tokens."""
    openings, roles = (tokens - np.uint8(1)) % np.uint8(SIDES), (tokens - np.uint8(1)) // np.uint8(SIDES)
    return openings, (roles == START).argmax(axis=1), (roles == GOAL).argmax(axis=1)


def drop_walls(tokens: Tokens) -> Tokens:
    """The same mazes in the encoding "open_cells"."""
    openings, starts, goals = decode(tokens)
    return encode(np.full_like(openings, SIDES - 1), starts, goals)


def openings_of(connections: NDArray[np.bool_]) -> Tokens:
    """Openings (cells,) of maze-dataset's connections (2, rows, columns): down and right of each cell is open."""
    down, right = connections.astype(np.uint8)
    up, left = np.zeros_like(down), np.zeros_like(right)
    up[1:], left[:, 1:] = down[:-1], right[:, :-1]
    sides: Tokens = up | down << np.uint8(1) | left << np.uint8(2) | right << np.uint8(3)
    return sides.ravel()


def raster(tokens: Tokens, size: int) -> Tokens:
    """The mazes drawn with walls as cells, in tokens of hrm.data.maze: (batch, (2 size + 1)^2)."""
    openings, starts, goals = decode(tokens)
    grids = openings.reshape(-1, size, size)
    drawn = np.full((len(tokens), 2 * size + 1, 2 * size + 1), maze.WALL, dtype=np.uint8)
    drawn[:, 1::2, 1::2] = maze.OPEN
    drawn[:, 2::2, 1::2][grids >> np.uint8(1) & np.uint8(1) == 1] = maze.OPEN
    drawn[:, 1::2, 2::2][grids >> np.uint8(3) & np.uint8(1) == 1] = maze.OPEN
    for cells, token in ((starts, maze.START), (goals, maze.GOAL)):
        drawn[np.arange(len(tokens)), cells // size * 2 + 1, cells % size * 2 + 1] = token
    return drawn.reshape(len(tokens), -1)
