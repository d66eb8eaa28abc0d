"""Following the predicted next cells from the start: does one reach the goal, and how long is the way?

The study of the pointer-over-heads controller counts mazes whose goal is reached, and those in which, counted in
cells, the way is at most 5 % longer than the shortest. It asks its model again at every cell and takes the likeliest
neighbour not yet seen, through walls too, as its mazes hold none; here one prediction for all cells is followed as it
is, and a move into a wall or out of the grid ends it.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from hrm.core.errors import DataError
from hrm.data.lattice.tokens import GOAL, SIDES, START
from hrm.data.moves import COLUMN_CHANGE, ROW_CHANGE

TOLERANCE = 1.05  # of the study's share of nearly shortest ways


class Rollout(NamedTuple):
    """Where the predictions lead."""

    reached: Tensor  # (batch,) bool: the goal was reached
    steps: Tensor  # (batch,) long: moves until the goal, or until a move into a wall, out of the grid or none at all


def rollout(inputs: Tensor, predictions: Tensor) -> Rollout:
    """Follow `predictions` (batch, cells), move + 1, through the mazes `inputs` (batch, cells); on their device.

    A way of more steps than the maze has cells less one has come to a cell twice and never ends: its goal is not
    reached. In mazes of the encoding "open_cells" only the border of the grid stops a move.
    """
    cells = inputs.shape[1]
    size = math.isqrt(cells)
    if size * size != cells:
        raise DataError(f"lattice mazes have {cells} cells; it must be a square number")
    tokens = inputs.long() - 1
    roles, openings = tokens.div(SIDES, rounding_mode="floor"), tokens % SIDES
    here = (roles == START).long().argmax(1, keepdim=True)
    goal = (roles == GOAL).long().argmax(1, keepdim=True)
    row_change, column_change = torch.tensor([ROW_CHANGE, COLUMN_CHANGE], device=inputs.device)
    steps = torch.zeros_like(here)
    going = here != goal
    for _ in range(cells - 1):
        move = predictions.gather(1, here).long() - 1
        known = (move >= 0) & (move < 4)
        move = move.clamp(0, 3)
        row = here // size + row_change[move]
        column = here % size + column_change[move]
        inside = (row >= 0) & (row < size) & (column >= 0) & (column < size)
        going = going & known & inside & (openings.gather(1, here) >> move & 1 == 1)
        here = torch.where(going, row * size + column, here)
        steps = steps + going
        going = going & (here != goal)
    return Rollout((here == goal).squeeze(1), steps.squeeze(1))


def length_ratios(found: Rollout, shortest: Tensor) -> Tensor:
    """Length of each way over that of the shortest, in cells as the study counts them; infinite where it fails.

    Args:
        found: of a batch of mazes.
        shortest: (batch,) steps of the shortest paths, the rating of the data set.
    """
    ratio = (found.steps + 1).double() / (shortest + 1).double()
    return torch.where(found.reached, ratio, torch.inf)


def nearly_shortest(found: Rollout, shortest: Tensor) -> Tensor:
    """Whether the goal was reached in at most 5 % more cells than the shortest path has: (batch,) bool."""
    return length_ratios(found, shortest) <= TOLERANCE
