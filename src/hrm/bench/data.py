"""`hrm bench data`: time and disk of the data beside those of the published builders.

The figures of the published builders are quoted: measured on two cores for this project, but not by this command.
Beside them stand plain builders of ours, written from the definition, that run here and now.
"""

import argparse
from pathlib import Path
from typing import Any

import torch

from hrm.bench import arc, augment, maze
from hrm.core.data_params import data_params
from hrm.data.arc.params import ArcParams
from hrm.data.maze.params import MazeParams

PARTS = ["arc", "sudoku", "maze"]
PUBLISHED_SUDOKU = {"data": "sudoku", "path": "published builder (quoted)", "seconds": 1268.0, "examples": 1_000_000}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `hrm bench data`."""
    parser.add_argument("--params", type=Path, default=Path("params"), help="folder of the parameters (params)")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="which (all)")
    parser.add_argument("--arc-task", default="arc_agi_1", help="arc_agi_1 (needs ConceptARC: hrm fetch) or arc_agi_2")
    parser.add_argument("--arc-subset", type=int, default=12, help="tasks that the plain builder makes (12)")
    parser.add_argument("--mazes", type=int, default=200, help="mazes of Maze-Hard that are timed (200)")
    parser.add_argument("--workers", type=int, default=2, help="threads (2)")
    parser.add_argument("--device", default="auto", help="auto (the CPU, and a GPU if there is one), cpu, cuda")


def run(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Rows of the chosen parts, each with its `data`; DataError when a source is missing."""
    torch.set_num_threads(arguments.workers)
    devices = augment.wanted_devices(arguments.device)
    rows: list[dict[str, Any]] = []
    if "arc" in arguments.parts:
        params = data_params(arguments.params, "paper", arguments.arc_task, [])
        assert isinstance(params, ArcParams)
        made = arc.arc_rows(params, arguments.workers, arguments.arc_subset, 20, devices)
        rows += [{"data": arguments.arc_task, **row} for row in made]
    if "sudoku" in arguments.parts:
        augmented = augment.augment_rows(1000, 1000, 5000, devices)
        rows += [PUBLISHED_SUDOKU, *({"data": "sudoku", **row} for row in augmented)]
    if "maze" in arguments.parts:
        mazes = data_params(arguments.params, "gpu", "maze_hard", [])
        assert isinstance(mazes, MazeParams)
        maze.fast(mazes, 1, 1)  # compiles
        sampled = maze.fast(mazes, arguments.mazes, arguments.workers)
        row = maze.cost("exact sampler", sampled)
        rows.append({"data": "maze_hard", **row, "seconds_for_2000": 2000 / row["mazes_per_second"]})
    return rows
