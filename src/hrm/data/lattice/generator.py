"""Mazes of the package maze-dataset, each from a seed of its own.

The package draws from the global generators of `random` and `numpy.random`, and seeds the former when it is imported.
Here both are seeded for one maze and put back as they were, so that a maze depends on its seed alone and whoever else
uses them notices nothing. That holds for one thread: two at a time would draw from each other's streams.
"""

import contextlib
import random
from collections.abc import Iterator

import numpy as np

from hrm.core.errors import DataError
from hrm.core.seeds import derive_seed
from hrm.data.grid.paths import solve
from hrm.data.lattice.params import LatticeParams
from hrm.data.lattice.tokens import Tokens, encode, openings_of


@contextlib.contextmanager
def seeded(seed: int) -> Iterator[None]:
    """The global generators, seeded with a number of up to 64 bits inside and untouched outside."""
    before, numpy_before = random.getstate(), np.random.get_state()  # noqa: NPY002 (the package uses it)
    random.seed(seed)
    np.random.seed([seed & 0xFFFFFFFF, seed >> 32])  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(before)
        np.random.set_state(numpy_before)  # noqa: NPY002


def draw(params: LatticeParams, seed: int) -> tuple[Tokens, int, int] | None:
    """Openings (cells,), start and goal of one maze; None where a percolated maze leaves no two connected cells.

    Start and goal are two different cells of the maze's connected part, as the package draws them.
    """
    with seeded(seed):
        # Late, because it takes seconds; inside, because it seeds `random`.
        from maze_dataset.generation.generators import GENERATORS_MAP

        options = {} if params.percolation is None else {"p": params.percolation}
        maze = GENERATORS_MAP[params.generator]((params.size, params.size), **options)
        # The package's own draw of start and goal goes on to search a path, slowly; this is the draw alone.
        connected = maze.get_connected_component()
        if len(connected) < 2:
            return None
        ends = connected[np.random.choice(len(connected), size=2, replace=False)]  # noqa: NPY002
    start, goal = (int(end[0]) * params.size + int(end[1]) for end in ends)
    return openings_of(maze.connection_list), start, goal


def sample(params: LatticeParams, index: int) -> tuple[Tokens, int]:
    """Input tokens (cells,) of maze `index` of the data set and the attempts it took, each (seed, index) alone.

    Mazes whose shortest path has fewer than `minimum_path_cells` cells are drawn again. DataError when none of
    `attempts` is long enough.
    """
    seed = derive_seed(params.seed, "lattice", index)
    for attempt in range(params.attempts):
        drawn = draw(params, derive_seed(seed, "attempt", attempt))
        if drawn is None:
            continue
        openings, start, goal = drawn
        ends = np.array([start]), np.array([goal])
        length = int(solve(openings[None], *ends, params.size).length[0])
        if length + 1 >= params.minimum_path_cells:
            return encode(openings[None], *ends)[0], attempt + 1
    raise DataError(
        f"no {params.size}x{params.size} maze of {params.generator} with a path of {params.minimum_path_cells} cells "
        f"in {params.attempts:,} attempts; lower minimum_path_cells or raise attempts"
    )
