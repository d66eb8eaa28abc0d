"""`hrm bench solver`: how many puzzles a second one core rates, uniqueness included."""

import argparse
import time
from pathlib import Path
from typing import Any

from hrm.data.sudoku.puzzle_files import parse_puzzles, read_lines
from hrm.data.sudoku.solver import rate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `hrm bench solver`."""
    parser.add_argument("--file", required=True, type=Path, help="9x9 puzzles, one a line")
    parser.add_argument("--rounds", type=int, default=3, help="the median round counts (3)")


def run(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """One row: puzzles a second of wall time, in one thread, after compilation."""
    puzzles = parse_puzzles(arguments.file, read_lines(arguments.file), 3, 3, workers=1).puzzles
    seconds = []
    for _ in range(arguments.rounds):
        begin = time.perf_counter()
        rating = rate(puzzles, 3, 3).rating
        seconds.append(time.perf_counter() - begin)
    median = sorted(seconds)[len(seconds) // 2]
    return [
        {
            "puzzles": len(puzzles),
            "mean_rating": float(rating.mean()),
            "puzzles_per_second": len(puzzles) / median,
            "nanoseconds_per_guess": 1e9 * median / max(int(rating.sum()), 1),
        }
    ]
