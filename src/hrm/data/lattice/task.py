"""Lattice mazes: candidates by index, then the data set of those that differ."""

import math
from pathlib import Path

import numpy as np

from hrm.core.data_schema.grid import LatticeParams
from hrm.data.chunks import Report
from hrm.data.dataset import DatasetInfo
from hrm.data.grid.paths import solve
from hrm.data.grid.write import Candidates, write_grids
from hrm.data.lattice.generator import sample
from hrm.data.lattice.tokens import VOCABULARY_SIZE, decode, drop_walls, raster
from hrm.data.shards import Arrays


def candidate_count(params: LatticeParams) -> int:
    """How many candidates are made, so that enough stay when equal ones are dropped."""
    return math.ceil((params.train_mazes + params.test_mazes) * (1 + params.spare))


def make_candidates(params: LatticeParams, start: int, stop: int, workers: int, report: Report) -> Arrays:
    """Candidates start to stop - 1: mazes (count, cells) of input tokens with walls, and the attempts each took.

    One at a time whatever `workers` says: the package draws from global generators (hrm.data.lattice.generator).
    """
    mazes = np.zeros((stop - start, params.size**2), dtype=np.uint8)
    attempts = np.zeros(stop - start, dtype=np.int64)
    for row in range(stop - start):
        mazes[row], attempts[row] = sample(params, start + row)
        report(1)
    return {"mazes": mazes, "attempts": attempts}


def write_dataset(folder: Path, params: LatticeParams, candidates: Arrays, workers: int) -> DatasetInfo:
    """Label the candidates and write the data set: from every cell of the first shortest path, the move to the next.

    The first path is that of hrm.data.grid.paths; only percolated mazes have others. Mazes are told apart, and the
    wall share is that of the sides between two cells, before the encoding drops any walls.
    """
    mazes = candidates["mazes"]
    openings, starts, goals = decode(mazes)
    solved = solve(openings, starts, goals, params.size)
    inputs = mazes if params.encoding == "walls" else drop_walls(mazes)
    sides = 2 * params.size * (params.size - 1)
    walls = 1 - np.bitwise_count(openings).sum(axis=1) / 2 / sides
    drawings = raster(mazes, params.size)
    made = Candidates(inputs, solved.moves, solved, drawings, walls, candidates["attempts"])
    return write_grids(folder, params, made, VOCABULARY_SIZE, params.minimum_path_cells - 1)
