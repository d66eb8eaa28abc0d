"""Sudoku-Extreme as published: a random choice of its training puzzles, or all, and all of its test puzzles.

The published builder draws the training puzzles with numpy's global generator and no seed; ours are as random, and
depend on the seed alone. Its CSV holds ratings by another solver (guesses of tdoku); they are kept as statistics.
"""

import functools
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hrm.core.errors import DataError
from hrm.core.seeds import numpy_generator
from hrm.data.dataset import DatasetInfo, rating_statistics, save_dataset
from hrm.data.shards import Arrays
from hrm.data.sources import find, locate
from hrm.data.sudoku.invariant import equivalent_to_any
from hrm.data.sudoku.params import SudokuParams
from hrm.data.sudoku.plan import augmentation_plan
from hrm.data.sudoku.puzzle_files import parse_puzzles, parse_ratings, read_csv
from hrm.data.sudoku.writing import dataset_facts, make_split

SOURCE = "sudoku_extreme"
CHUNK = 1 << 16  # rows read at a time
BOX = (3, 3)


def make_candidates(
    params: SudokuParams, start: int, stop: int, workers: int, report: Callable[[int], object]
) -> Arrays:
    """Candidates start to stop - 1 of the chosen training puzzles, then the test puzzles, each in a row of the files.

    DataError when the files are not to be had, hold another number of puzzles than the parameters say, or are wrong.
    """
    folder = locate(SOURCE, params.root)
    train, test = folder / "train.csv", folder / "test.csv"
    if (rows := _count_rows(test)) != params.test_puzzles:
        raise DataError(f"{test}: holds {rows:,} puzzles; test_puzzles is {params.test_puzzles:,}")
    chosen = chosen_rows(train, _count_rows(train), params)
    parts = [
        _read(train, chosen[start:stop], workers, report),
        _read(test, np.arange(max(start - len(chosen), 0), max(stop - len(chosen), 0)), workers, report),
    ]
    return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}


def chosen_rows(path: Path, rows: int, params: SudokuParams) -> NDArray[np.int64]:
    """Rows (train_puzzles,) of the training file: all in order, or so many in random order."""
    if params.train_puzzles > rows:
        raise DataError(f"{path}: holds {rows:,} puzzles; train_puzzles is {params.train_puzzles:,}")
    if params.train_puzzles == rows:
        return np.arange(rows)
    return numpy_generator(params.seed, "published training puzzles").choice(rows, params.train_puzzles, replace=False)


def write_dataset(folder: Path, params: SudokuParams, candidates: Arrays, workers: int) -> DatasetInfo:
    """Split and write the data set; dataset.json names the files that it comes from, with their hashes.

    That no test puzzle is equivalent to a training puzzle is what the publisher says: it is checked, and the number of
    exceptions is in the statistics. DataError when a candidate is wrong.
    """
    puzzles, solutions = candidates["puzzles"], candidates["solutions"]
    good = ((puzzles == 0) | (puzzles == solutions)).all(axis=1) & (solutions > 0).all(axis=1)
    if not good.all():
        raise DataError(f"{folder}: candidate {int(np.argmin(good))} is damaged: its solution is not that of its clues")
    parts = {"train": slice(0, params.train_puzzles), "test": slice(params.train_puzzles, None)}
    plans = {
        "train": augmentation_plan(
            params.seed, params.train_puzzles, params.augmentations, params.include_original, *BOX
        ),
        "test": np.zeros((params.test_puzzles, 0), dtype=np.int64),
    }
    boards = {name: (puzzles[part], solutions[part]) for name, part in parts.items()}
    splits = {name: make_split(*boards[name], candidates["rating"][part], plans[name]) for name, part in parts.items()}
    statistics: dict[str, Any] = {
        name: {
            "puzzles": len(puzzles[part]),
            "clues_mean": round(float((puzzles[part] > 0).sum(axis=1).mean()), 4),
            "rating": rating_statistics(candidates["rating"][part]),
            "published_rating": rating_statistics(candidates["published_rating"][part]),
        }
        for name, part in parts.items()
    }
    statistics["test_equivalent_to_training"] = equivalent_to_any(boards["train"], boards["test"], *BOX, workers)
    statistics["sources"] = {SOURCE: find(SOURCE, params.root).sha256}
    facts = dataset_facts(params.task, *BOX, params.seed, params.model_dump(), statistics)
    return save_dataset(folder, splits["train"], splits["test"], facts)


def _count_rows(path: Path) -> int:
    """Lines below the header; the last may lack its end."""
    lines, last = 0, b"\n"
    with path.open("rb") as file:
        for block in iter(functools.partial(file.read, 1 << 24), b""):
            lines += block.count(b"\n")
            last = block[-1:]
    return lines - 1 + (last != b"\n")


def _read(path: Path, rows: NDArray[np.int64], workers: int, report: Callable[[int], object]) -> Arrays:
    """Puzzles, solutions, our ratings and the published ones of `rows`, in that order."""
    cells = BOX[0] ** 2 * BOX[1] ** 2
    read: Arrays = {
        "puzzles": np.zeros((len(rows), cells), dtype=np.uint8),
        "solutions": np.zeros((len(rows), cells), dtype=np.uint8),
        "rating": np.zeros(len(rows), dtype=np.int32),
        "published_rating": np.zeros(len(rows), dtype=np.int32),
    }
    if not len(rows):
        return read
    wanted = np.zeros(int(rows.max()) + 1, dtype=bool)
    wanted[rows] = True
    places = np.argsort(rows)  # of the rows as they come in the file
    entries = read_csv(path, wanted)
    at = 0
    while chunk := list(itertools.islice(entries, CHUNK)):
        to = places[at : at + len(chunk)]
        found = parse_puzzles(path, chunk, *BOX, workers)
        read["puzzles"][to], read["solutions"][to], read["rating"][to] = found
        read["published_rating"][to] = parse_ratings(path, chunk)
        at += len(chunk)
        report(len(chunk))
    if at != len(rows):
        raise DataError(f"{path}: holds {at:,} of the {len(rows):,} wanted rows; it is not one puzzle a line")
    return read
