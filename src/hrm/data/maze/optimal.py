"""What the evaluation asks of predicted mazes: is it a shortest path, whichever of them the label shows?

The paper accepts any shortest path, the released code only the labelled one. All functions take tensors on any device
and give tensors on the same one; the search itself runs on the host, in compiled code.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from hrm.core.errors import DataError
from hrm.data.grid.paths import are_shortest, solve
from hrm.data.maze.tokens import OPEN, PATH, Layout, layout


class ShortestPaths(NamedTuple):
    """All shortest paths of a batch of mazes."""

    length: Tensor  # (batch,) long steps; -1 where the goal is out of reach or start or goal is not exactly one
    ways: Tensor  # (batch,) double number of shortest paths, exact up to 2^53
    on_path: Tensor  # (batch, cells) bool: lies on some shortest path, start and goal included


def shortest_paths(inputs: Tensor) -> ShortestPaths:
    """Length, number and cells of all shortest paths of input tokens (batch, cells) of square mazes."""
    found, size = _layout(inputs)
    solved = solve(found.openings, found.starts, found.goals, size)
    good = torch.from_numpy(found.well_formed)
    length = torch.where(good, torch.from_numpy(solved.length).long(), -1)
    ways = torch.where(good, torch.from_numpy(solved.ways), 0.0)
    on_path = torch.from_numpy(solved.on_path) & good[:, None]
    return ShortestPaths(length.to(inputs.device), ways.to(inputs.device), on_path.to(inputs.device))


def is_optimal(inputs: Tensor, predictions: Tensor) -> Tensor:
    """Whether each prediction is its input with the cells of exactly one shortest path marked: (batch,) bool.

    Args:
        inputs: (batch, cells) input tokens of square mazes.
        predictions: (batch, cells) predicted tokens.

    Walls, start, goal and the open cells off the path must be kept, every cell between start and goal of one shortest
    path must be marked, and no other cell.
    """
    found, size = _layout(inputs)
    marked = (predictions == PATH) & (inputs == OPEN)
    kept = ((predictions == inputs) | marked).all(dim=1).cpu()
    right = are_shortest(found.openings, found.starts, found.goals, marked.cpu().numpy(), size)
    return (torch.from_numpy(right & found.well_formed) & kept).to(inputs.device)


def _layout(inputs: Tensor) -> tuple[Layout, int]:
    size = math.isqrt(inputs.shape[1])
    if size * size != inputs.shape[1]:
        raise DataError(f"mazes have {inputs.shape[1]} cells; it must be a square number")
    return layout(inputs.to("cpu", torch.uint8).numpy(), size), size
