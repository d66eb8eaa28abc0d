"""Mazes and boards: candidates by index, then the data set of those that differ."""

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hrm.core.errors import DataError
from hrm.core.seeds import derive_seed
from hrm.data.chunks import Report, in_chunks
from hrm.data.dataset import DatasetInfo
from hrm.data.grid.paths import Solved, solve
from hrm.data.grid.write import Candidates, write_grids
from hrm.data.maze import published
from hrm.data.maze.params import MazeParams
from hrm.data.maze.sampler import MazeRules, sample
from hrm.data.maze.tokens import CHARACTERS, PATH, START, VOCABULARY_SIZE, WALL, Mazes, layout
from hrm.data.shards import Arrays
from hrm.data.task import Augmenter, Symmetry, Task, share, to_both
from hrm.data.turns import INVERSE, TURNS

if TYPE_CHECKING:
    from torch import Tensor

CHUNK = 8  # candidates between two reports of progress


def solve_mazes(mazes: Mazes, size: int) -> Solved:
    """All shortest paths of input tokens (batch, cells); length -1 where there is none or the maze is malformed."""
    found = layout(mazes, size)
    solved = solve(found.openings, found.starts, found.goals, size)
    return solved._replace(length=np.where(found.well_formed, solved.length, np.int32(-1)))


class Maze(Task):
    """Grids of open and wall cells; the answer marks a shortest path."""

    def candidate_count(self, params: MazeParams) -> int:
        """How many candidates are made, so that enough stay when equal ones are dropped; published ones all stay."""
        wanted = params.train_mazes + params.test_mazes
        return wanted if params.published else math.ceil(wanted * (1 + params.spare))

    def make_candidates(self, params: MazeParams, start: int, stop: int, workers: int, report: Report) -> Arrays:
        """Candidates start to stop - 1: mazes (count, cells) of input tokens, and the attempts (count,) each took.

        Each depends on (seed, its index) alone. DataError when no maze has so long a path, or published ones are not
        to be had.
        """
        if params.published:
            return published.make_candidates(params, start, stop)
        rules = MazeRules.of(params)
        mazes = np.zeros((stop - start, params.size**2), dtype=np.uint8)
        attempts = np.zeros(stop - start, dtype=np.int64)

        def make(chunk: range) -> None:
            for index in chunk:
                row = index - start
                mazes[row], attempts[row] = sample(rules, derive_seed(params.seed, "maze", index))
                if not attempts[row]:
                    raise DataError(
                        f"no maze of size {params.size} with a shortest path longer than {params.path_longer_than} in "
                        f"{params.attempts:,} attempts; lower path_longer_than, change walls or raise attempts"
                    )

        in_chunks(make, start, stop, CHUNK, workers, report)
        return {"mazes": mazes, "attempts": attempts}

    def write_dataset(self, folder: Path, params: MazeParams, candidates: Arrays, workers: int) -> DatasetInfo:
        """Label the candidates with the first of their shortest paths and write the data set.

        The first path is that of hrm.data.grid.paths; start and goal stay themselves, as in the published labels.
        `workers` has no work here: all of it takes about a second for thousands of mazes.
        """
        mazes = candidates["mazes"]
        solved = solve_mazes(mazes, params.size)
        if params.published:
            return published.write_dataset(folder, params, candidates, solved)
        labels = np.where((solved.moves > 0) & (mazes != START), np.uint8(PATH), mazes)
        walls = (mazes == WALL).mean(axis=1)
        made = Candidates(mazes, labels, solved, mazes, walls, candidates["attempts"])
        return write_grids(folder, params, made, VOCABULARY_SIZE, params.path_longer_than + 1)

    def encode(self, text: str, info: DatasetInfo) -> NDArray[np.uint8]:
        """Tokens (cells,) of a maze read row by row in the published characters: # wall, S start, G goal, space."""
        return np.array([CHARACTERS.index(c) + 1 for c in self.checked(text, CHARACTERS, info)], dtype=np.uint8)

    def augmenter(self, info: DatasetInfo) -> Augmenter:
        """The eight turns of the square."""
        from hrm.data.grid.symmetries import SquareSymmetries

        return Augmenter(to_both(SquareSymmetries(info.grid_shape[0]).apply_tokens), None)

    def symmetry(self, info: DatasetInfo, seed: int) -> Symmetry:
        """The eight turns, one after another."""
        import torch

        from hrm.data.grid.symmetries import SquareSymmetries

        square, back = SquareSymmetries(info.grid_shape[0]), torch.tensor(INVERSE)
        return Symmetry(
            TURNS,
            lambda number, count: torch.full((count,), number),
            square.apply_tokens,
            lambda codes: back[codes.cpu()],
        )

    def judge(self, inputs: "Tensor", answers: "Tensor", rating: "Tensor") -> dict[str, float]:
        """optimal_path_accuracy: the answer marks exactly one shortest path, whichever.

        The HRM paper accepts that, its released code the labelled path alone, which is exact_accuracy.
        """
        from hrm.data.maze.optimal import is_optimal

        return {"optimal_path_accuracy": share(is_optimal(inputs, answers))}


TASK = Maze()
