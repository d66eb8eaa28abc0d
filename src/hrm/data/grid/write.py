"""From solved grids to a data set: equal ones dropped, a split that shares none, and what dataset.json says of it."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hrm.core.errors import DataError
from hrm.data.dataset import Cells, DatasetInfo, save_dataset, single_examples
from hrm.data.grid.params import GridParams
from hrm.data.grid.paths import Solved
from hrm.data.turns import ORDER, first_of_each_class


class Candidates(NamedTuple):
    """Everything about the candidates, in order of index."""

    inputs: Cells  # (batch, cells) tokens
    labels: Cells  # (batch, cells) tokens
    solved: Solved
    drawings: Cells  # (batch, any square number): equal under a symmetry where the grids are
    wall_share: NDArray[np.float64]  # (batch,)
    attempts: NDArray[np.int64]  # (batch,) grids drawn for each


def write_grids(folder: Path, params: GridParams, made: Candidates, vocabulary_size: int, shortest: int) -> DatasetInfo:
    """Drop grids that equal an earlier one under any symmetry of the square, split, and write the data set.

    Args:
        folder: of the data set.
        params: of the task.
        made: its candidates.
        vocabulary_size: tokens of inputs and labels, 0 included.
        shortest: steps that every shortest path must have at least.

    Training grids are the first of those kept. DataError when a candidate is wrong or too few different ones are left.
    """
    good = made.solved.length >= shortest
    if not good.all():
        raise DataError(f"{folder}: candidate {int(np.argmin(good))} is damaged: it has no path of the wanted length")
    kept = first_of_each_class(made.drawings)
    wanted = params.train_mazes + params.test_mazes
    if len(kept) < wanted:
        raise DataError(
            f"{folder}: of {len(good)} candidates only {len(kept)} differ by more than a symmetry, and train_mazes + "
            f"test_mazes is {wanted}; raise spare or size"
        )
    parts = {"train": kept[: params.train_mazes], "test": kept[params.train_mazes : wanted]}
    statistics: dict[str, Any] = {
        name: path_statistics(made.solved.take(rows), made.wall_share[rows], max(params.size // 3, 1))
        for name, rows in parts.items()
    }
    statistics["candidates"] = len(good)
    statistics["equal_dropped"] = len(good) - len(kept)
    statistics["attempts_per_candidate"] = round(float(made.attempts.mean()), 2)
    plans = {
        "train": np.tile(np.arange(ORDER if params.turned else 0, dtype=np.int32), (len(parts["train"]), 1)),
        "test": np.zeros((len(parts["test"]), 0), dtype=np.int32),
    }
    splits = [
        single_examples(made.inputs[rows], made.labels[rows], made.solved.length[rows], plans[name])
        for name, rows in parts.items()
    ]
    return save_dataset(folder, splits[0], splits[1], grid_facts(params, vocabulary_size, statistics))


def grid_facts(params: GridParams, vocabulary_size: int, statistics: dict[str, Any]) -> dict[str, Any]:
    """What dataset.json says of a data set of grids, but for counts and hashes."""
    return {
        "task": params.task,
        "family": params.family,
        "vocabulary_size": vocabulary_size,
        "grid_shape": params.grid_shape,
        "puzzle_ids": 1,
        "group_names": {"train": [], "test": []},
        "seed": params.seed,
        "generator": params.model_dump(),
        "statistics": statistics,
    }


def path_statistics(solved: Solved, wall_share: NDArray[np.float64], bin_width: int) -> dict[str, Any]:
    """Number, shortest path lengths (steps), walls and numbers of shortest paths of the grids of a split.

    The histogram counts edges[i] <= length < edges[i + 1]; edges are multiples of `bin_width`, plus 1. `wall_share` is
    a share for each grid. `path_cells_mean` counts the cells that lie on some shortest path, ends included.
    """
    length = solved.length
    first = (int(length.min()) - 1) // bin_width * bin_width + 1
    edges = list(range(first, int(length.max()) + bin_width + 1, bin_width))
    return {
        "mazes": len(length),
        "rating": {
            "minimum": int(length.min()),
            "mean": round(float(length.mean()), 4),
            "maximum": int(length.max()),
            "histogram": {"edges": edges, "counts": np.histogram(length, edges)[0].tolist()},
        },
        "wall_share": {
            "minimum": round(float(wall_share.min()), 4),
            "mean": round(float(wall_share.mean()), 4),
            "maximum": round(float(wall_share.max()), 4),
        },
        "shortest_paths": {
            "share_with_one": round(float((solved.ways == 1).mean()), 4),
            "median": float(np.median(solved.ways)),
            "maximum": float(solved.ways.max()),
        },
        "path_cells_mean": round(float(solved.on_path.sum(axis=1).mean()), 4),
    }
