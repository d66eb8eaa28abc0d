"""Sudoku puzzles of a text or CSV file as a data set."""

from pathlib import Path
from typing import Any

import numpy as np

from hrm.core.files import sha256_file
from hrm.data.dataset import DatasetInfo, save_dataset
from hrm.data.sudoku.puzzle_files import FORMATS, parse_puzzles
from hrm.data.sudoku.writing import canonical_forms_in_parallel, dataset_facts, make_split, split_statistics


def import_puzzles(
    path: Path, style: str, box_height: int, box_width: int, folder: Path, role: str, workers: int
) -> DatasetInfo:
    """Write a data set whose split `role` holds the file's puzzles, rated by our solver; the other split is empty."""
    puzzles, solutions, rating = parse_puzzles(path, FORMATS[style](path), box_height, box_width, workers)
    forms = canonical_forms_in_parallel(puzzles, solutions, box_height, box_width, workers)
    full = make_split(puzzles, solutions, rating, np.zeros((len(puzzles), 0), dtype=np.int64))
    empty = make_split(puzzles[:0], solutions[:0], rating[:0], np.zeros((0, 0), dtype=np.int64))
    other = "train" if role == "test" else "test"
    statistics: dict[str, Any] = {
        role: split_statistics(puzzles, rating, forms, box_height, box_width),
        other: {"puzzles": 0},
    }
    generator = {"box_height": box_height, "box_width": box_width, "format": style, "file_sha256": sha256_file(path)}
    facts = dataset_facts("sudoku", box_height, box_width, 0, generator, statistics)
    splits = {role: full, other: empty}
    return save_dataset(folder, splits["train"], splits["test"], facts)
