"""Canonical form of a puzzle with one solution: equal for two puzzles exactly if a symmetry carries one to the other.

The symmetries rename digits, move bands, rows in a band, stacks, columns in a stack, and transpose where boxes are
square. The form is the least solved grid, row by row, that any of them makes of the solution, and among the
symmetries that make it the least pattern of clues (0 for an empty cell, 1 for a clue).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hrm.data.compiled import compiled
from hrm.data.sudoku.layout import line_permutations
from hrm.data.sudoku.propagation import Boards


class Canonical(NamedTuple):
    """Canonical forms: equal grids are equivalent solutions, equal puzzles are equivalent puzzles."""

    grids: Boards  # (puzzles, cells) least solved grid
    puzzles: Boards  # (puzzles, cells) the clues in it, 0 for empty


def canonical_forms(puzzles: Boards, solutions: Boards, box_height: int, box_width: int) -> Canonical:
    """Canonical forms of puzzles (puzzles, cells) of digits, whose only solutions are given."""
    size = box_height * box_width
    columns = line_permutations(size // box_width, box_width).astype(np.int64)
    forms = Canonical(np.zeros_like(puzzles), np.zeros_like(puzzles))
    shape = (-1, size, size)
    _all_forms(
        np.ascontiguousarray(puzzles).reshape(shape),
        np.ascontiguousarray(solutions).reshape(shape),
        box_height,
        box_height == box_width,
        columns,
        forms.grids.reshape(shape),
        forms.puzzles.reshape(shape),
    )
    return forms


def class_keys(forms: Boards) -> list[bytes]:
    """One key a canonical form, for sets and dictionaries."""
    return [form.tobytes() for form in forms]


@compiled
def _all_forms(
    puzzles: Boards,
    solutions: Boards,
    box_height: int,
    square: bool,
    columns: NDArray[np.int64],
    grids: Boards,
    patterns: Boards,
) -> None:
    size = puzzles.shape[1]
    names = np.empty_like(columns)  # names[k, c]: the name that a digit gets if it stands in column c of the first row
    for k in range(len(columns)):
        for j in range(size):
            names[k, columns[k, j]] = j + 1
    clues = np.zeros((size, size), dtype=np.uint8)
    aligned = np.zeros((size, size), dtype=np.int64)  # the column in which the first row has the digit of this cell
    found = np.zeros(size + 1, dtype=np.int64)
    for i in range(len(puzzles)):
        best = grids[i]
        best[0, 0] = 255  # more than any digit: the first symmetry wins
        for transposed in range(1 + square):
            puzzle = puzzles[i].T.copy() if transposed else puzzles[i].copy()
            solution = solutions[i].T.copy() if transposed else solutions[i].copy()
            for first in range(size):
                for j in range(size):
                    found[solution[first, j]] = j
                for row in range(size):
                    for j in range(size):
                        aligned[row, j] = found[solution[row, j]]
                for k in range(len(columns)):
                    if not _second_row_exceeds(aligned, box_height, first, columns[k], names[k], best):
                        _keep_lesser(puzzle, aligned, box_height, columns[k], names[k], best, clues)
        for row in range(size):
            for column in range(size):
                patterns[i, row, column] = best[row, column] * clues[row, column]


@compiled
def _second_row_exceeds(
    aligned: NDArray[np.int64],
    box_height: int,
    first: int,
    columns: NDArray[np.int64],
    names: NDArray[np.int64],
    best: Boards,
) -> bool:
    """Quick look: the second row is known without ordering all rows, and rules out most symmetries."""
    band = first - first % box_height
    second, least = -1, len(aligned) + 1
    for row in range(band, band + box_height):
        value = names[aligned[row, columns[0]]]
        if row != first and value < least:
            second, least = row, value
    if second < 0 or best[0, 0] == 255:
        return False
    for j in range(len(aligned)):
        value = names[aligned[second, columns[j]]]
        if value != best[1, j]:
            return value > best[1, j]
    return False


@compiled
def _keep_lesser(
    puzzle: Boards,
    aligned: NDArray[np.int64],
    box_height: int,
    columns: NDArray[np.int64],
    names: NDArray[np.int64],
    best: Boards,
    best_clues: Boards,
) -> None:
    """Make `best` and `best_clues` the lesser of themselves and the form that these columns give.

    Names for the digits follow from the first row (1, 2, 3, ...). The order of the rows follows from the first column:
    no two of its entries are equal, so the least grid has the rows of each band, and then the bands, in ascending
    order.
    """
    size = len(aligned)
    start = np.zeros(size + 1, dtype=np.int64)  # the row that starts with a name
    least = np.full(size // box_height, size + 1, dtype=np.int64)
    for row in range(size):
        value = names[aligned[row, columns[0]]]
        start[value] = row
        least[row // box_height] = min(least[row // box_height], value)
    order = np.zeros(size, dtype=np.int64)
    place = 0
    for value in range(1, size + 1):
        band = start[value] // box_height
        if least[band] == value:
            for entry in range(value, size + 1):
                if start[entry] // box_height == band:
                    order[place] = start[entry]
                    place += 1
    lesser = best[0, 0] == 255
    for place in range(size):
        for j in range(size):
            name = names[aligned[order[place], columns[j]]]
            if not lesser and name > best[place, j]:
                return
            lesser = lesser or name < best[place, j]
            best[place, j] = name
    for place in range(size):
        for j in range(size):
            clue = puzzle[order[place], columns[j]] > 0
            if not lesser and clue > best_clues[place, j]:
                return
            lesser = lesser or clue < best_clues[place, j]
            best_clues[place, j] = clue
