"""Reading Sudoku puzzles that others published: one a line, or the CSV of Sudoku-Extreme; nothing broken passes."""

import csv
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hrm.core.errors import DataError
from hrm.data.sudoku.propagation import Boards
from hrm.data.sudoku.writing import rate_in_parallel

COLUMNS = ("source", "question", "answer", "rating")


class Entry(NamedTuple):
    """One puzzle as it stands in the file."""

    line: int
    puzzle: str
    answer: str | None
    rating: str | None  # of whoever published it


class Puzzles(NamedTuple):
    """Puzzles that are right."""

    puzzles: Boards  # (count, cells) digits
    solutions: Boards  # (count, cells) digits
    rating: NDArray[np.int32]  # (count,) guesses of our solver


def read_lines(path: Path) -> Iterator[Entry]:
    """Puzzles of a text file, one a line; lines that are empty or begin with # are skipped."""
    for number, text in enumerate(_lines(path), start=1):
        if text.strip() and not text.lstrip().startswith("#"):
            yield Entry(number, text.strip(), None, None)


def read_csv(path: Path, wanted: NDArray[np.bool_] | None = None) -> Iterator[Entry]:
    """Puzzles of a CSV file with the columns source, question, answer, rating; of `wanted` rows, or of all."""
    reader = csv.reader(_lines(path))
    rows = zip(itertools.count(2), _rows(path, reader), strict=False)
    for line, row in rows if wanted is None else itertools.compress(rows, wanted):
        if len(row) != len(COLUMNS):
            raise DataError(f"{path}, line {line}: has {len(row)} columns; it must have {len(COLUMNS)}")
        yield Entry(line, row[1], row[2], row[3])


FORMATS = {"lines": read_lines, "csv": read_csv}


def parse_puzzles(path: Path, entries: Iterable[Entry], box_height: int, box_width: int, workers: int) -> Puzzles:
    """Puzzles, solutions and ratings, with `workers` threads.

    DataError names the first line that is malformed, has no solution or several, or whose answer is wrong.
    """
    size = box_height * box_width
    found = list(entries)
    if not found:
        raise DataError(f"{path}: holds no puzzle")
    lines = [entry.line for entry in found]
    puzzles = _boards(path, lines, [entry.puzzle for entry in found], size)
    solved = rate_in_parallel(puzzles, box_height, box_width, workers)
    if (bad := np.flatnonzero(solved.found != 1)).size:
        problem = "no solution" if solved.found[bad[0]] == 0 else "several solutions"
        raise DataError(f"{path}, line {lines[bad[0]]}: the puzzle has {problem}; it must have exactly one")
    told = [index for index, entry in enumerate(found) if entry.answer is not None]
    answers = _boards(path, [lines[index] for index in told], [found[index].answer or "" for index in told], size)
    if (bad := np.flatnonzero((answers != solved.solutions[told]).any(axis=1))).size:
        raise DataError(f"{path}, line {lines[told[bad[0]]]}: the answer is not the puzzle's solution")
    return Puzzles(puzzles, solved.solutions, solved.rating)


def parse_ratings(path: Path, entries: Iterable[Entry]) -> NDArray[np.int32]:
    """The published ratings; DataError names the first line whose rating is no number."""
    ratings = []
    for entry in entries:
        if entry.rating is None or not entry.rating.isdecimal():
            raise DataError(f"{path}, line {entry.line}: rating is {entry.rating!r}; it must be a whole number")
        ratings.append(int(entry.rating))
    return np.array(ratings, dtype=np.int32)


def _rows(path: Path, reader: Iterator[list[str]]) -> Iterator[list[str]]:
    """The rows below the header."""
    number = 1
    try:
        header = next(reader, [])
        if tuple(header) != COLUMNS:
            raise DataError(f"{path}, line 1: columns are {','.join(header)!r}; they must be {','.join(COLUMNS)!r}")
        for number, row in enumerate(reader, start=2):  # noqa: B007 (the message below names it)
            yield row
    except csv.Error as error:
        raise DataError(f"{path}, line {number + 1}: is not valid CSV ({error})") from error


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8") as file:
            yield from file
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is not a text file ({error.reason} at byte {error.start})") from error


def _boards(path: Path, lines: list[int], texts: list[str], size: int) -> Boards:
    """Digits (texts, cells) of boards in characters, 0 or . for empty."""
    cells = size * size
    for line, text in zip(lines, texts, strict=True):
        if len(text) != cells:
            raise DataError(f"{path}, line {line}: has {len(text)} characters; a {size}x{size} board has {cells}")
    # A character that is not ASCII becomes a question mark, which is not allowed either.
    digits = np.frombuffer("".join(texts).encode("ascii", "replace"), dtype=np.uint8).reshape(len(texts), cells)
    digits = np.where(digits == ord("."), 0, digits - np.uint8(ord("0"))).astype(np.uint8)
    if (bad := np.argwhere(digits > size)).size:
        row, column = bad[0]
        allowed = f"1 to {size}, and . or 0 for empty"
        raise DataError(
            f"{path}, line {lines[row]}: character {column + 1} is {texts[row][column]!r}; allowed are {allowed}"
        )
    return digits
