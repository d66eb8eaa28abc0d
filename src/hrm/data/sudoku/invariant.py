"""A number that no symmetry changes, and that nearly always tells puzzles apart which none carries into each other.

Canonical forms settle equivalence, at a thousand puzzles a second. Most pairs need no form: the cells of a solved
puzzle get colours, clue or not at first, then in rounds by the colours in their row, column, box, and among the cells
of the same digit (colour refinement). The sum over all cells is the same for equivalent puzzles, whatever the digits
are called and however the lines are ordered; rows and columns play the same part, so that it holds when transposed.
"""

import numpy as np
from numpy.typing import NDArray

from hrm.data.chunks import in_chunks
from hrm.data.compiled import compiled
from hrm.data.splitmix import mixed
from hrm.data.sudoku.canonical import class_keys
from hrm.data.sudoku.propagation import Boards
from hrm.data.sudoku.writing import PIECE, canonical_forms_in_parallel

ROUNDS = 4  # one more tells no more puzzles apart
Keys = NDArray[np.uint64]


def invariants(puzzles: Boards, solutions: Boards, box_height: int, box_width: int, workers: int = 1) -> Keys:
    """One number each (puzzles,) of puzzles (puzzles, cells) of digits and their solutions."""
    keys = np.zeros(len(puzzles), dtype=np.uint64)

    def refine(chunk: range) -> None:
        piece = slice(chunk.start, chunk.stop)
        _refine_all(puzzles[piece], solutions[piece], box_height, box_width, ROUNDS, keys[piece])

    in_chunks(refine, 0, len(puzzles), PIECE, workers)
    return keys


def equivalent_to_any(
    first: tuple[Boards, Boards], second: tuple[Boards, Boards], box_height: int, box_width: int, workers: int
) -> int:
    """How many of the `second` puzzles, with solutions, a symmetry carries into one of the `first`; exact.

    Canonical forms are made only where the invariants agree.
    """
    keys = [invariants(*boards, box_height, box_width, workers) for boards in (first, second)]
    suspects = [np.isin(mine, other) for mine, other in (keys, keys[::-1])]
    classes = [
        class_keys(
            canonical_forms_in_parallel(boards[0][some], boards[1][some], box_height, box_width, workers).puzzles
        )
        for boards, some in zip((first, second), suspects, strict=True)
    ]
    known = set(classes[0])
    return sum(key in known for key in classes[1])


@compiled
def _refine_all(puzzles: Boards, solutions: Boards, box_height: int, box_width: int, rounds: int, keys: Keys) -> None:
    size = box_height * box_width
    colours = np.zeros(size * size, dtype=np.uint64)
    sums = np.zeros((4, size), dtype=np.uint64)  # of rows, columns, boxes and digits
    for i in range(len(puzzles)):
        for cell in range(size * size):
            colours[cell] = np.uint64(1) if puzzles[i, cell] else np.uint64(2)
        for _ in range(rounds):
            sums[:] = np.uint64(0)
            for cell in range(size * size):
                row, column = cell // size, cell % size
                colour = mixed(colours[cell])
                sums[0, row] += colour
                sums[1, column] += colour
                sums[2, row // box_height * box_height + column // box_width] += colour
                sums[3, solutions[i, cell] - 1] += colour
            for cell in range(size * size):
                row, column = cell // size, cell % size
                lines = mixed(sums[0, row]) + mixed(sums[1, column])
                box = mixed(sums[2, row // box_height * box_height + column // box_width] + np.uint64(3))
                digit = mixed(sums[3, solutions[i, cell] - 1] + np.uint64(5))
                colours[cell] = mixed(colours[cell] + np.uint64(7)) + mixed(lines + box * np.uint64(9)) + digit
        key = np.uint64(0)
        for cell in range(size * size):
            key += mixed(colours[cell])
        keys[i] = key
