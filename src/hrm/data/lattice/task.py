"""Lattice mazes: candidates by index, then the data set of those that differ."""

import dataclasses
import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hrm.data.chunks import Report
from hrm.data.dataset import Dataset, DatasetInfo
from hrm.data.grid.paths import COLUMN_CHANGE, ROW_CHANGE, solve
from hrm.data.grid.write import Candidates, write_grids
from hrm.data.lattice.generator import sample
from hrm.data.lattice.params import LatticeParams
from hrm.data.lattice.tokens import VOCABULARY_SIZE, decode, drop_walls, raster
from hrm.data.shards import Arrays
from hrm.data.task import Exam, Measure, Measures, Task, share

if TYPE_CHECKING:
    from torch import Tensor

    from hrm.data.players import Player


class Lattice(Task):
    """Mazes with walls between the cells of a square lattice; the answer is a move at each cell of the path.

    Their tokens name sides, and no plan turns them.
    """

    def candidate_count(self, params: LatticeParams) -> int:
        """How many candidates are made, so that enough stay when equal ones are dropped."""
        return math.ceil((params.train_mazes + params.test_mazes) * (1 + params.spare))

    def make_candidates(self, params: LatticeParams, start: int, stop: int, workers: int, report: Report) -> Arrays:
        """Candidates start to stop - 1: mazes (count, cells) of input tokens with walls, and the attempts each took.

        One at a time whatever `workers` says: the package draws from global generators (hrm.data.lattice.generator).
        """
        mazes = np.zeros((stop - start, params.size**2), dtype=np.uint8)
        attempts = np.zeros(stop - start, dtype=np.int64)
        for row in range(stop - start):
            mazes[row], attempts[row] = sample(params, start + row)
            report(1)
        return {"mazes": mazes, "attempts": attempts}

    def write_dataset(self, folder: Path, params: LatticeParams, candidates: Arrays, workers: int) -> DatasetInfo:
        """Label the candidates and write the data set: at every cell of the first shortest path, the move to the next.

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

    def thinned(self, dataset: Dataset, every: int) -> Dataset:
        """The training labels of all other cells than 0, n, 2 n, ... of the path are padding."""
        if every == 1:
            return dataset
        place = path_places(dataset.train.labels, dataset.info.grid_shape[1])
        labels = np.where(place % every == 0, dataset.train.labels, 0).astype(dataset.train.labels.dtype)
        return dataclasses.replace(dataset, train=dataclasses.replace(dataset.train, labels=labels))

    def judge(self, inputs: "Tensor", answers: "Tensor", rating: "Tensor") -> dict[str, float]:
        """goal_reached and nearly_shortest.

        Following the predicted next cells from the start leads to the goal, and in at most 5 % more cells than the
        shortest path has.
        """
        from hrm.data.lattice.rollout import nearly_shortest, rollout

        found = rollout(inputs, answers)
        near = nearly_shortest(found, rating.to(inputs.device))
        return {"goal_reached": share(found.reached), "nearly_shortest": share(near)}

    def measure(self, test: Exam) -> Measure:
        """Also greedy walks, beside random ones, which are made once."""
        from hrm.data.lattice.rollout import greedy_shares, random_walks

        walks = random_walks(test.inputs, test.rating, test.batch_size)

        def measures(player: "Player", answers: "Tensor", chance: bool) -> Measures:
            walker = None if chance else player
            judged = self.judge(test.inputs, answers, test.rating)
            walked = greedy_shares(walker, test.inputs, test.rating, test.segments, test.batch_size, walks)
            return Measures(judged | walked, {}, {})

        return measures


def path_places(labels: NDArray[np.uint8], columns: int) -> NDArray[np.int64]:
    """How many moves each cell of the path is from its start, (mazes, cells); -1 off the path and at the goal.

    Labels are those of hrm.data.lattice.tokens: move + 1 at each cell of the path but the goal.
    """
    moves = np.maximum(labels.astype(np.int64) - 1, 0)
    following = np.arange(labels.shape[1]) + np.take(ROW_CHANGE, moves) * columns + np.take(COLUMN_CHANGE, moves)
    rows = np.arange(len(labels))
    led_to = np.zeros(labels.shape, dtype=bool)
    maze, cell = np.nonzero(labels)
    led_to[maze, following[maze, cell]] = True
    here = ((labels > 0) & ~led_to).argmax(axis=1)  # the start: the only labelled cell that no move leads to
    places = np.full(labels.shape, -1, dtype=np.int64)
    for place in range(int((labels > 0).sum(axis=1).max(initial=0))):
        going = labels[rows, here] > 0
        places[rows[going], here[going]] = place
        here = np.where(going, following[rows, here], here)
    return places


TASK = Lattice()
