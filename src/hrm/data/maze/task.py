"""Mazes and boards: candidates by index, then a split in which no two mazes are equal under the symmetries."""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hrm.core.data_schema import MazeParams
from hrm.core.errors import DataError
from hrm.core.seeds import derive_seed
from hrm.data.dataset import DatasetInfo, Split, save_dataset, single_examples
from hrm.data.grid.dihedral import ORDER, first_of_each_class
from hrm.data.grid.paths import Solved, solve
from hrm.data.grid.statistics import path_statistics
from hrm.data.maze.sampler import Wish, sample
from hrm.data.maze.tokens import GOAL, PATH, START, VOCABULARY_SIZE, WALL, Mazes, layout
from hrm.data.shards import Arrays

CHUNK = 8  # candidates between two reports of progress
Report = Callable[[int], object]  # is told how many candidates were made since the last call


def candidate_count(params: MazeParams) -> int:
    """How many candidates are made, so that enough stay when equal ones are dropped."""
    return math.ceil((params.train_mazes + params.test_mazes) * (1 + params.spare))


def make_candidates(params: MazeParams, start: int, stop: int, workers: int, report: Report) -> Arrays:
    """Candidates start to stop - 1: mazes (count, cells) of input tokens, and the attempts (count,) each took.

    Each depends on (seed, its index) alone. DataError when no maze has so long a path.
    """
    wish = Wish.of(params)
    mazes = np.zeros((stop - start, params.size**2), dtype=np.uint8)
    attempts = np.zeros(stop - start, dtype=np.int64)

    def make(first: int) -> None:
        last = min(first + CHUNK, stop)
        for index in range(first, last):
            row = index - start
            mazes[row], attempts[row] = sample(wish, derive_seed(params.seed, "maze", index))
            if not attempts[row]:
                raise DataError(
                    f"no maze of size {params.size} with a shortest path longer than {params.path_longer_than} in "
                    f"{params.attempts:,} attempts; lower path_longer_than, change walls or raise attempts"
                )
        report(last - first)

    # Threads, not processes: the compiled sampler runs without the GIL.
    with ThreadPoolExecutor(workers) as pool:
        try:
            list(pool.map(make, range(start, stop, CHUNK)))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return {"mazes": mazes, "attempts": attempts}


def write_dataset(folder: Path, params: MazeParams, candidates: Arrays, workers: int) -> DatasetInfo:
    """Check all candidates, drop equal ones in order of index, split, and write the data set.

    DataError when a candidate is wrong or too few different ones are left. `workers` has no work here: all of it takes
    less than a second for thousands of mazes.
    """
    mazes = candidates["mazes"]
    solved = solve_mazes(mazes, params.size)
    good = solved.length > params.path_longer_than
    if not good.all():
        raise DataError(f"{folder}: candidate {int(np.argmin(good))} is damaged: it has no path of the wished length")
    kept = first_of_each_class(mazes, params.size)
    wanted = params.train_mazes + params.test_mazes
    if len(kept) < wanted:
        raise DataError(
            f"{folder}: of {len(mazes)} candidates only {len(kept)} differ by more than a symmetry, and train_mazes + "
            f"test_mazes is {wanted}; raise spare or size"
        )
    train, test = kept[: params.train_mazes], kept[params.train_mazes : wanted]
    plan = np.tile(np.arange(ORDER, dtype=np.int32), (len(train), 1)) if params.dihedral else None
    statistics: dict[str, Any] = {
        "train": split_statistics(mazes[train], solved, train, params.size),
        "test": split_statistics(mazes[test], solved, test, params.size),
        "candidates": len(mazes),
        "equal_dropped": len(mazes) - len(kept),
        "attempts_per_candidate": round(float(candidates["attempts"].mean()), 1),
    }
    facts = {
        "task": params.task,
        "family": params.family,
        "vocabulary_size": VOCABULARY_SIZE,
        "grid_shape": params.grid_shape,
        "puzzle_ids": 1,
        "group_names": {"train": [], "test": []},
        "seed": params.seed,
        "generator": params.model_dump(),
        "statistics": statistics,
    }
    return save_dataset(folder, make_split(mazes, solved, train, plan), make_split(mazes, solved, test, None), facts)


def solve_mazes(mazes: Mazes, size: int) -> Solved:
    """All shortest paths of input tokens (batch, cells); length -1 where there is none or the maze is malformed."""
    found = layout(mazes, size)
    solved = solve(found.openings, found.starts, found.goals, size)
    return solved._replace(length=np.where(found.well_formed, solved.length, np.int32(-1)))


def labels(mazes: Mazes, moves: NDArray[np.uint8]) -> Mazes:
    """The mazes with the first shortest path marked; start and goal stay, as in the published labels."""
    return np.where((moves > 0) & (mazes != START), np.uint8(PATH), mazes)


def make_split(mazes: Mazes, solved: Solved, rows: NDArray[np.int64], plan: NDArray[np.int32] | None) -> Split:
    """The split of some rows; `plan` (rows, symmetries) or None for none."""
    chosen = mazes[rows]
    codes = np.zeros((len(rows), 0), dtype=np.int32) if plan is None else plan
    return single_examples(chosen, labels(chosen, solved.moves[rows]), solved.length[rows], codes)


def split_statistics(mazes: Mazes, solved: Solved, rows: NDArray[np.int64], size: int) -> dict[str, Any]:
    """Of the mazes (rows, cells) that were solved as `rows` of `solved`."""
    part = Solved(*(column[rows] for column in solved))
    walls = (mazes == WALL).mean(axis=1)
    found = path_statistics(part, walls, max(size // 3, 1))
    ends = np.stack([(mazes == token).argmax(axis=1) for token in (START, GOAL)])
    straight = np.abs(ends[0] // size - ends[1] // size) + np.abs(ends[0] % size - ends[1] % size)
    # How much longer the way is than it would be without walls.
    return {**found, "detour_mean": round(float((part.length / straight).mean()), 4)}
