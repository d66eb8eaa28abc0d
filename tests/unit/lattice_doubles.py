"""A small data set of random lattice mazes, without the package that makes the real ones."""

import numpy as np

from helpers import tiny_dataset
from hrm.data.dataset import Dataset, single_examples
from hrm.data.grid.paths import solve
from hrm.data.lattice.tokens import VOCABULARY_SIZE, decode, encode, openings_of

SIZE = 4


def lattice_dataset(mazes: int = 30) -> Dataset:
    rng = np.random.default_rng(0)
    connections = rng.random((4 * mazes, 2, SIZE, SIZE)) < 0.7
    connections[:, 0, -1] = connections[:, 1, :, -1] = False
    ends = np.stack([rng.choice(SIZE**2, 2, replace=False) for _ in connections])
    inputs = encode(np.stack([openings_of(maze) for maze in connections]), ends[:, 0], ends[:, 1])
    solved = solve(*decode(inputs), SIZE)
    kept = np.flatnonzero(solved.length > 0)[:mazes]
    split = single_examples(inputs[kept], solved.moves[kept], solved.length[kept], np.zeros((mazes, 0), np.int64))
    facts = {"task": "lattice_mazes", "family": "lattice", "vocabulary_size": VOCABULARY_SIZE, "generator": {}}
    info = tiny_dataset().info.model_copy(update={**facts, "train_examples": mazes, "test_examples": mazes})
    return Dataset(info, split, split)
