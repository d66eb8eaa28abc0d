"""What generated, imported and published Sudoku data sets have in common: splits, dataset.json, statistics."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hrm.core.seeds import numpy_generator
from hrm.data.chunks import in_chunks
from hrm.data.dataset import Split, rating_statistics, single_examples
from hrm.data.sudoku.canonical import Canonical, canonical_forms, class_keys
from hrm.data.sudoku.layout import line_permutations
from hrm.data.sudoku.propagation import Boards
from hrm.data.sudoku.solver import Rated, rate

PIECE = 4096  # boards that a thread rates at a time


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
    harder as they stand than rearranged, because the last tie of the solver is broken by reading order.
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

    def form(chunk: range) -> Canonical:
        piece = slice(chunk.start, chunk.stop)
        return canonical_forms(puzzles[piece], solutions[piece], height, width)

    forms = in_chunks(form, 0, len(puzzles), 256, workers)
    empty = np.zeros((0, puzzles.shape[1]), dtype=np.uint8)
    grids = np.concatenate([empty, *(form.grids for form in forms)])
    return Canonical(grids, np.concatenate([empty, *(form.puzzles for form in forms)]))


def rate_in_parallel(boards: Boards, box_height: int, box_width: int, workers: int) -> Rated:
    """`rate` of boards (boards, cells) with `workers` threads."""
    if not len(boards):
        return rate(boards, box_height, box_width)
    parts = in_chunks(
        lambda chunk: rate(boards[chunk.start : chunk.stop], box_height, box_width), 0, len(boards), PIECE, workers
    )
    return Rated(*(np.concatenate(column) for column in zip(*parts, strict=True)))
