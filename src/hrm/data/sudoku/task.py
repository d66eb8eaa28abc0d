"""The task Sudoku: candidates by index, then a split into training and test puzzles that shares no class of puzzles."""

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hrm.core.data_schema import SudokuParams
from hrm.core.errors import DataError
from hrm.core.seeds import numpy_generator
from hrm.data.dataset import DatasetInfo, Split, save_dataset, single_examples
from hrm.data.ratings import rating_statistics
from hrm.data.shards import Arrays
from hrm.data.sudoku.canonical import Canonical, canonical_forms, class_keys
from hrm.data.sudoku.layout import line_permutations
from hrm.data.sudoku.plan import augmentation_plan
from hrm.data.sudoku.propagation import Boards
from hrm.data.sudoku.solver import rate
from hrm.data.sudoku.wish import Wish, make_puzzles

CHUNK = 16  # candidates between two reports of progress
Report = Callable[[int], object]  # is told how many candidates were made since the last call


def candidate_count(params: SudokuParams) -> int:
    """How many candidates are made, so that enough stay when equivalent ones are dropped."""
    return math.ceil((params.train_puzzles + params.test_puzzles) * (1 + params.spare))


def make_candidates(params: SudokuParams, start: int, stop: int, workers: int, report: Report) -> Arrays:
    """Candidates start to stop - 1: puzzles and solutions (count, cells) digits, rating (count,).

    Each depends on (seed, its index) alone. DataError when the search cannot reach the wished rating.
    """
    wish = Wish.of(params)
    chunks = [range(at, min(at + CHUNK, stop)) for at in range(start, stop, CHUNK)]

    def make(chunk: range) -> Arrays:
        made = make_puzzles(wish, params.seed, chunk)
        report(len(chunk))
        return made

    # Threads, not processes: the compiled search runs without the GIL.
    with ThreadPoolExecutor(workers) as pool:
        try:
            parts = list(pool.map(make, chunks))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    empty = make_puzzles(wish, params.seed, range(0))
    return {key: np.concatenate([empty[key], *(part[key] for part in parts)]) for key in empty}


def write_dataset(folder: Path, params: SudokuParams, candidates: Arrays, workers: int) -> DatasetInfo:
    """Check all candidates, drop equivalent ones in order of index, split, and write the data set.

    DataError when a candidate is wrong or too few classes are left.
    """
    puzzles, solutions = candidates["puzzles"], candidates["solutions"]
    height, width = params.box_height, params.box_width
    checked = rate(puzzles, height, width)
    good = (
        (checked.found == 1) & (checked.solutions == solutions).all(axis=1) & (checked.rating == candidates["rating"])
    )
    if not good.all():
        raise DataError(f"{folder}: candidate {int(np.argmin(good))} is damaged: its solution or its rating is wrong")
    forms = canonical_forms_in_parallel(puzzles, solutions, height, width, workers)
    keys = class_keys(forms.puzzles)
    first = {key: index for index, key in reversed(list(enumerate(keys)))}
    kept = np.array(sorted(first.values()), dtype=np.int64)
    wanted = params.train_puzzles + params.test_puzzles
    if len(kept) < wanted:
        raise DataError(
            f"{folder}: {len(puzzles)} candidates hold only {len(kept)} classes of puzzles, and train_puzzles + "
            f"test_puzzles is {wanted}; raise spare, or take larger boards or more clues"
        )
    parts = {"train": kept[: params.train_puzzles], "test": kept[params.train_puzzles : wanted]}
    plan = augmentation_plan(
        params.seed, params.train_puzzles, params.augmentations, params.include_original, height, width
    )
    plans = {"train": plan, "test": np.zeros((params.test_puzzles, 0), dtype=np.int64)}
    splits = {name: make_split(puzzles[i], solutions[i], checked.rating[i], plans[name]) for name, i in parts.items()}
    statistics: dict[str, Any] = {
        name: split_statistics(
            puzzles[i], checked.rating[i], Canonical(forms.grids[i], forms.puzzles[i]), height, width
        )
        for name, i in parts.items()
    }
    statistics["candidates"] = len(puzzles)
    statistics["equivalent_dropped"] = len(puzzles) - len(kept)
    facts = dataset_facts(params.task, height, width, params.seed, params.model_dump(), statistics)
    return save_dataset(folder, splits["train"], splits["test"], facts)


def dataset_facts(
    task: str, box_height: int, box_width: int, seed: int, generator: dict[str, Any], statistics: dict[str, Any]
) -> dict[str, Any]:
    """What dataset.json says of a Sudoku data set, but for counts and hashes."""
    size = box_height * box_width
    return {
        "task": task,
        "family": "sudoku",
        "vocabulary_size": size + 2,
        "grid_shape": [size, size],
        "puzzle_ids": 1,
        "group_names": {"train": [], "test": []},
        "seed": seed,
        "generator": generator,
        "statistics": statistics,
    }


def make_split(puzzles: Boards, solutions: Boards, rating: NDArray[np.int32], plan: NDArray[np.int64]) -> Split:
    """A split of tokens, digit + 1, from digits (examples, cells)."""
    return single_examples(puzzles + np.uint8(1), solutions + np.uint8(1), rating, plan)


def split_statistics(
    puzzles: Boards, rating: NDArray[np.int32], forms: Canonical, box_height: int, box_width: int
) -> dict[str, Any]:
    """Size, classes, clues and difficulty of a split.

    `mean_rearranged` is the mean rating with rows and columns in another order: puzzles that a search drove up are
    harder as they stand than rearranged, because the solver branches in reading order.
    """
    if not len(puzzles):
        return {"puzzles": 0}
    moved = rate(rearranged(puzzles, box_height, box_width), box_height, box_width)
    return {
        "puzzles": len(puzzles),
        "classes": len(set(class_keys(forms.puzzles))),
        "solution_classes": len(set(class_keys(forms.grids))),
        "clues_mean": round(float((puzzles > 0).sum(axis=1).mean()), 4),
        "rating": {**rating_statistics(rating), "mean_rearranged": round(float(moved.rating.mean()), 4)},
    }


def rearranged(boards: Boards, box_height: int, box_width: int) -> Boards:
    """Boards (boards, cells) with rows and columns in a random order that keeps bands and stacks; always the same."""
    size = box_height * box_width
    generator = numpy_generator(0, "rearranged")
    row_orders, column_orders = line_permutations(box_width, box_height), line_permutations(box_height, box_width)
    rows = row_orders[generator.integers(len(row_orders), size=len(boards))]
    columns = column_orders[generator.integers(len(column_orders), size=len(boards))]
    grids = boards.reshape(-1, size, size)
    moved: Boards = grids[np.arange(len(boards))[:, None, None], rows[:, :, None], columns[:, None, :]]
    return moved.reshape(len(boards), -1)


def canonical_forms_in_parallel(puzzles: Boards, solutions: Boards, height: int, width: int, workers: int) -> Canonical:
    """Canonical forms with `workers` threads: (puzzles, cells) digits and their solutions."""
    pieces = [(puzzles[i : i + 256], solutions[i : i + 256]) for i in range(0, len(puzzles), 256)]
    with ThreadPoolExecutor(workers) as pool:
        forms = list(pool.map(lambda piece: canonical_forms(piece[0], piece[1], height, width), pieces))
    empty = np.zeros((0, puzzles.shape[1]), dtype=np.uint8)
    grids = np.concatenate([empty, *(form.grids for form in forms)])
    return Canonical(grids, np.concatenate([empty, *(form.puzzles for form in forms)]))
