"""Random mazes whose shortest path is longer than a rules, drawn exactly as plain rejection sampling draws them.

Plain rejection sampling draws walls, a start and a goal, searches, and starts again unless the shortest path is longer
than the rules. Of 30x30 mazes with 30 to 50 % walls about one in 50,000 has a path longer than 110, so what counts is
the time of a failure. Three things make it short, and none of them changes the distribution:

1. The goal is drawn last. It is uniform among the cells that the start leaves, whatever the walls are, so the start and
   the walls can be drawn first; if no cell is farther away than the rules, any goal would have failed, and the attempt
   ends there. Otherwise the goal is drawn among all possible goals, and the attempt fails if it is not one of the far
   ones: the very events of plain rejection sampling, looked at in another order.
   With independent walls a goal that was drawn may be a wall, which fails too. Start and goal are never walls in the
   plain definition; asking that the goal is open leaves the distribution as it is, because that has one and the same
   probability for all goals and all placings of the other walls.
2. A row of cells is one word, and the search goes a step in all cells at once.
3. Walls come from a few random words a row. Independent walls are its bits; for a wanted number of walls, cells that
   are drawn at random are flipped until the number is right: given their number all placings stay equally likely.

Each maze is a sequence of its own of splitmix64, so that maze i depends on (seed, i) alone.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hrm.data.compiled import compiled, count_bits
from hrm.data.maze.params import CountedWalls, MazeParams
from hrm.data.maze.tokens import GOAL, OPEN, START, WALL
from hrm.data.splitmix import next_word

SHARE_BITS = 24  # precision of the probability of independent walls
COUNT_BITS = 5  # of the first guess at a wanted number of walls


class MazeRules(NamedTuple):
    """What the compiled sampler knows of the parameters."""

    size: int
    fewest: int  # wall cells, for walls by count; -1 for independent walls
    most: int
    probability: int  # of independent walls, in units of 2^-SHARE_BITS
    longer_than: int  # steps
    attempts: int

    @staticmethod
    def of(params: MazeParams) -> "MazeRules":
        """The rules of a parameter file, which must be for generated mazes."""
        assert params.walls is not None
        fewest, most, probability = -1, -1, 0
        if isinstance(params.walls, CountedWalls):
            fewest, most = params.wall_counts
        else:
            probability = round(params.walls.probability * 2**SHARE_BITS)
        return MazeRules(params.size, fewest, most, probability, params.path_longer_than, params.attempts)


def sample(rules: MazeRules, seed: int) -> tuple[NDArray[np.uint8], int]:
    """A maze (cells,) of input tokens and the attempts it took; 0 attempts where none of them succeeded."""
    maze = np.full(rules.size**2, OPEN, dtype=np.uint8)
    attempts = _sample(rules, np.array([seed], dtype=np.uint64), maze)
    return maze, attempts


@compiled
def _sample(rules: MazeRules, state: NDArray[np.uint64], maze: NDArray[np.uint8]) -> int:
    size, cells = rules.size, rules.size**2
    # Rows of the grid with an empty one above and below; bit c is column c.
    rows = np.zeros((4, size + 2), dtype=np.int64)
    free, frontier, unseen, far = rows[0], rows[1], rows[2], rows[3]
    for attempt in range(1, rules.attempts + 1):
        start = below(state, cells)
        goals = draw_walls(rules, state, free, start)
        if not farther_cells(rules, free, start, frontier, unseen, far):
            continue
        choice = below(state, goals)
        for cell in range(cells):
            if far[cell // size + 1] >> (cell % size) & 1:
                if choice == 0:
                    for at in range(cells):
                        maze[at] = OPEN if free[at // size + 1] >> (at % size) & 1 else WALL
                    maze[start], maze[cell] = START, GOAL
                    return attempt
                choice -= 1
    return 0


@compiled
def draw_walls(rules: MazeRules, state: NDArray[np.uint64], free: NDArray[np.int64], start: int) -> int:
    """Random walls but on the start, as open cells in `free`; the number of cells that the goal is drawn from."""
    size, cells = rules.size, rules.size**2
    if rules.fewest < 0:
        for row in range(1, size + 1):
            free[row] = ~random_row(state, rules.probability, SHARE_BITS) & ((1 << size) - 1)
        free[start // size + 1] |= 1 << (start % size)
        return cells - 1
    walls = rules.fewest + below(state, rules.most - rules.fewest + 1)
    share = ((walls << COUNT_BITS) + cells // 2) // cells
    excess = -walls
    for row in range(1, size + 1):
        free[row] = ~random_row(state, share, COUNT_BITS) & ((1 << size) - 1)
        excess += size - count_bits(free[row])
    row, bit = start // size + 1, 1 << (start % size)
    excess -= (free[row] & bit) == 0
    free[row] |= bit
    while excess != 0:
        cell = below(state, cells)
        row, bit = cell // size + 1, 1 << (cell % size)
        # Too many walls: open one of them; too few: close an open cell.
        if cell != start and ((free[row] & bit) == 0) == (excess > 0):
            free[row] ^= bit
            excess -= 1 if excess > 0 else -1
    return cells - walls - 1


@compiled
def farther_cells(
    rules: MazeRules,
    free: NDArray[np.int64],
    start: int,
    frontier: NDArray[np.int64],
    unseen: NDArray[np.int64],
    far: NDArray[np.int64],
) -> bool:
    """Put the cells that are more than `longer_than` steps away into `far`; False when there are none."""
    size = rules.size
    frontier[:] = 0
    for row in range(size + 2):
        unseen[row] = free[row]
    home = start // size + 1
    frontier[home] = 1 << (start % size)
    unseen[home] ^= frontier[home]
    low, high = home, home  # rows of the frontier
    level = 0
    while low <= high:
        low, high = max(low - 1, 1), min(high + 1, size)
        above, here = frontier[low - 1], frontier[low]
        for row in range(low, high + 1):
            below_it = frontier[row + 1]
            grown = (here << 1 | here >> 1 | above | below_it) & unseen[row]
            frontier[row] = grown
            unseen[row] ^= grown
            above, here = here, below_it
        while low <= high and frontier[low] == 0:
            low += 1
        while low <= high and frontier[high] == 0:
            high -= 1
        level += 1
        if level <= rules.longer_than and level % 8 == 0:
            left = 0
            for row in range(1, size + 1):
                left += count_bits(unseen[row])
            if left <= rules.longer_than - level:
                return False  # every step to come needs a cell of its own
        if level == rules.longer_than + 1:
            if low > high:
                return False
            for row in range(size + 2):
                far[row] = frontier[row] | unseen[row]
    if level <= rules.longer_than:
        return False
    # Those that were never reached are not far but cut off.
    for row in range(size + 2):
        far[row] &= ~unseen[row]
    return True


@compiled
def random_row(state: NDArray[np.uint64], share: int, precision: int) -> int:
    """62 random bits, each 1 with probability share / 2^precision."""
    row = 0
    for bit in range(precision):
        word = random_word(state)
        # From the least digit of the binary fraction up: 1 keeps the chance above one half, 0 below.
        row = row | word if share >> bit & 1 else row & word
    return row


@compiled
def random_word(state: NDArray[np.uint64]) -> int:
    """62 random bits."""
    bits: int = np.int64(next_word(state) >> np.uint64(2))  # type: ignore[assignment]
    return bits


@compiled
def below(state: NDArray[np.uint64], bound: int) -> int:
    """A uniformly random integer from 0 to bound - 1; its bias is below bound / 2^32."""
    return (random_word(state) >> 30) * bound >> 32
