"""`hrm import-puzzles`: Sudoku puzzles from a text or CSV file into a data set."""

import argparse
import os
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `hrm import-puzzles`."""
    parser.add_argument("--file", required=True, type=Path, help="the file with the puzzles")
    parser.add_argument(
        "--format",
        required=True,
        choices=("lines", "csv"),
        help="lines: one puzzle a line, . or 0 for an empty cell; csv: the columns source,question,answer,rating",
    )
    parser.add_argument("--box", default="3x3", help="rows x columns of a box (3x3), as in 2x3 for 6x6 boards")
    parser.add_argument("--out", required=True, type=Path, help="folder of the data set")
    parser.add_argument("--role", default="test", choices=("test", "train"), help="which split they become (test)")


def run(arguments: argparse.Namespace) -> int:
    """Read, check, rate and write; DataError names file and line of the first puzzle that is not right."""
    from hrm.data.sudoku.importer import import_puzzles

    height, width = parse_box(arguments.box)
    workers = os.cpu_count() or 1
    info = import_puzzles(arguments.file, arguments.format, height, width, arguments.out, arguments.role, workers)
    statistics = info.statistics[arguments.role]
    rating = statistics["rating"]
    print(
        f"{arguments.out}: {statistics['puzzles']} puzzles of {statistics['classes']} classes, "
        f"rating {rating['minimum']} to {rating['maximum']}, mean {rating['mean']:.2f}"
    )
    return 0


def parse_box(text: str) -> tuple[int, int]:
    """Height and width from a text like 2x3; ParameterError says what is allowed."""
    from hrm.core.errors import ParameterError

    height, _, width = text.partition("x")
    if not (height.isdecimal() and width.isdecimal()):
        raise ParameterError(f"--box is {text!r}; write rows x columns of a box, as in 3x3 or 2x3")
    sides = int(height), int(width)
    if not (min(sides) >= 1 and max(sides) <= 5 and 2 <= sides[0] * sides[1] <= 9):
        raise ParameterError(f"--box is {text!r}; each side must be 1 to 5 and their product 2 to 9")
    return sides
