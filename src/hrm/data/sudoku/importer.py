"""Reading Sudoku puzzles that others published: one a line, or the CSV of Sudoku-Extreme; nothing broken passes."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hrm.core.errors import DataError
from hrm.core.files import sha256_file
from hrm.data.dataset import DatasetInfo, save_dataset
from hrm.data.sudoku.propagation import Boards
from hrm.data.sudoku.solver import rate
from hrm.data.sudoku.task import canonical_forms_in_parallel, dataset_facts, make_split, split_statistics

COLUMNS = ("source", "question", "answer", "rating")


class Found(NamedTuple):
    """One puzzle as it stands in the file."""

    line: int
    puzzle: str
    answer: str | None


def read_lines(path: Path) -> Iterator[Found]:
    """Puzzles of a text file, one a line; lines that are empty or begin with # are skipped."""
    for number, text in enumerate(_text(path).splitlines(), start=1):
        if text.strip() and not text.lstrip().startswith("#"):
            yield Found(number, text.strip(), None)


def read_csv(path: Path) -> Iterator[Found]:
    """Puzzles of a CSV file with the columns source, question, answer, rating."""
    reader = csv.reader(_text(path).splitlines())
    header = next(reader, [])
    if tuple(header) != COLUMNS:
        raise DataError(f"{path}, line 1: columns are {','.join(header)!r}; they must be {','.join(COLUMNS)!r}")
    try:
        for row in reader:
            if len(row) != len(COLUMNS):
                raise DataError(f"{path}, line {reader.line_num}: has {len(row)} columns; it must have {len(COLUMNS)}")
            yield Found(reader.line_num, row[1], row[2])
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: is not valid CSV ({error})") from error


FORMATS = {"lines": read_lines, "csv": read_csv}


def parse_puzzles(path: Path, found: Iterable[Found], box_height: int, box_width: int) -> tuple[Boards, Boards]:
    """Puzzles and solutions (count, cells) digits.

    DataError names the first line that is malformed, has no solution or several, or whose answer is wrong.
    """
    size = box_height * box_width
    entries = list(found)
    if not entries:
        raise DataError(f"{path}: holds no puzzle")
    puzzles = np.array([_board(path, entry.line, entry.puzzle, size) for entry in entries], dtype=np.uint8)
    solved = rate(puzzles, box_height, box_width)
    for entry, count, solution in zip(entries, solved.found, solved.solutions, strict=True):
        if count != 1:
            problem = "no solution" if count == 0 else "several solutions"
            raise DataError(f"{path}, line {entry.line}: the puzzle has {problem}; it must have exactly one")
        if entry.answer is not None and (_board(path, entry.line, entry.answer, size) != solution).any():
            raise DataError(f"{path}, line {entry.line}: the answer is not the puzzle's solution")
    return puzzles, solved.solutions


def import_puzzles(
    path: Path, style: str, box_height: int, box_width: int, folder: Path, role: str, workers: int
) -> DatasetInfo:
    """Write a data set whose split `role` holds the file's puzzles, rated by our solver; the other split is empty."""
    puzzles, solutions = parse_puzzles(path, FORMATS[style](path), box_height, box_width)
    rating = rate(puzzles, box_height, box_width).rating
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


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is not a text file ({error.reason} at byte {error.start})") from error


def _board(path: Path, line: int, text: str, size: int) -> list[int]:
    if len(text) != size * size:
        raise DataError(f"{path}, line {line}: has {len(text)} characters; a {size}x{size} board has {size * size}")
    digits = "".join(str(digit) for digit in range(1, size + 1))
    for column, character in enumerate(text, start=1):
        if character not in digits + ".0":
            allowed = f"1 to {size}, and . or 0 for empty"
            raise DataError(f"{path}, line {line}: character {column} is {character!r}; allowed are {allowed}")
    return [0 if character == "." else int(character) for character in text]
