"""Following the predicted next cells from the start: does one reach the goal, and how long is the way?

The study of the pointer-over-heads controller counts mazes whose goal is reached, and those in which, counted in
cells, the way is at most 5 % longer than the shortest. It asks its model again at every cell and takes the likeliest
neighbour not yet seen, through walls too, as its mazes hold none; here one prediction for all cells is followed as it
is, and a move into a wall or out of the grid ends it.

Greedy walks are as the study makes them: the model is asked again at every cell, with the start moved there, and the
likeliest open neighbour that was not yet visited is taken; visited ones only where there is no other. So a walk never
ends at a wall; it fails when it has not come to the goal after as many moves as the maze has cells. A whole batch walks
at once; with the encoding "open_cells" every neighbour in the grid is open (hrm.data.lattice.tokens), and a walk that
chooses by chance comes far: shares stand beside those of such walks.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from hrm.core.errors import DataError
from hrm.data.grid.paths import COLUMN_CHANGE, ROW_CHANGE
from hrm.data.lattice.tokens import GOAL, SIDES, START
from hrm.data.players import Player, batch_rows, batch_starts

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


CHANCE_WALKS = 4  # a maze


class Walks(NamedTuple):
    """Shares of mazes."""

    reached: float  # the goal
    near: float  # in at most 5 % more cells than the shortest path has


def random_walks(inputs: Tensor, rating: Tensor, batch_size: int) -> Walks:
    """CHANCE_WALKS random walks through each maze (examples, cells) under the rule of `greedy_shares`."""
    walks = greedy_rollout(Chance(), inputs.repeat(CHANCE_WALKS, 1), 1, batch_size)
    return _shares(walks, rating.to(inputs.device).repeat(CHANCE_WALKS))


def greedy_shares(
    model: Player | None, inputs: Tensor, rating: Tensor, segments: int, batch_size: int, walks: Walks
) -> dict[str, float]:
    """greedy_goal_reached and greedy_nearly_shortest (at most 5 % more cells than the shortest path), as shares.

    chance_goal_reached and chance_nearly_shortest are those of random walks, greedy_goal_gain is what the model reaches
    beyond them.

    Args:
        model: in eval mode, on the device of `inputs`; None for chance itself.
        inputs: (examples, cells) mazes.
        rating: (examples,) steps of the shortest paths.
        segments: that the model gets at every cell.
        batch_size: mazes that walk at a time.
        walks: what `random_walks` gave.
    """
    found = walks
    if model is not None:
        rating = rating.to(inputs.device)
        found = _shares(greedy_rollout(model, inputs, segments, batch_size), rating)
    return {
        "greedy_goal_reached": found.reached,
        "greedy_nearly_shortest": found.near,
        "chance_goal_reached": walks.reached,
        "chance_nearly_shortest": walks.near,
        "greedy_goal_gain": found.reached - walks.reached,
    }


def _shares(found: Rollout, rating: Tensor) -> Walks:
    near = nearly_shortest(found, rating)
    return Walks(int(found.reached.sum()) / len(rating), int(near.sum()) / len(rating))


class Chance:
    """Scores every move by chance, the same ones at every call of a program."""

    def __init__(self) -> None:
        self.generator = torch.Generator().manual_seed(0)

    def initial_carry(self, batch: int, device: torch.device) -> None:
        """There is nothing to carry."""

    def __call__(self, carry: None, inputs: Tensor, puzzle_ids: Tensor) -> tuple[None, Tensor, Tensor]:
        """(batch, cells) -> logits (batch, cells, 5) and (batch, 2) of halting."""
        logits = torch.rand(*inputs.shape, 5, generator=self.generator).to(inputs.device)
        return carry, logits, torch.zeros(len(inputs), 2, device=inputs.device)


@torch.inference_mode()
def greedy_rollout(model: Player, inputs: Tensor, segments: int, batch_size: int) -> Rollout:
    """Where the model walks through the mazes `inputs` (examples, cells); every batch has the same size."""
    count = len(inputs)
    walks = []
    for start in batch_starts(count, batch_size):
        rows = batch_rows(start, count, batch_size, inputs.device)
        walk = _walk(model, inputs[rows].long(), segments)
        kept = min(batch_size, count - start)
        walks.append(Rollout(walk.reached[:kept], walk.steps[:kept]))
    return Rollout(torch.cat([walk.reached for walk in walks]), torch.cat([walk.steps for walk in walks]))


def _walk(model: Player, tokens: Tensor, segments: int) -> Rollout:
    batch, cells = tokens.shape
    targets, inside = _neighbours(math.isqrt(cells), tokens.device)
    roles, sides = (tokens - 1).div(SIDES, rounding_mode="floor"), (tokens - 1) % SIDES
    open_sides = (sides.unsqueeze(-1) >> torch.arange(4, device=tokens.device) & 1).bool() & inside
    here, goal = ((roles == role).long().argmax(dim=1, keepdim=True) for role in (START, GOAL))
    without_start = torch.where(roles == START, sides + 1, tokens)
    visited = torch.zeros_like(tokens, dtype=torch.bool).scatter(1, here, True)
    steps = torch.zeros_like(here)
    puzzle_ids = torch.zeros(batch, dtype=torch.long, device=tokens.device)
    for _ in range(cells):
        sides_here = open_sides.gather(1, here.unsqueeze(-1).expand(-1, 1, 4)).squeeze(1)  # (batch, 4)
        going = (here != goal) & sides_here.any(dim=1, keepdim=True)
        if not going.any():  # the device is waited for: a model's pass costs more
            break
        asked = without_start.scatter(1, here, sides.gather(1, here) + 1 + SIDES * START)
        scores = _move_scores(model, asked, puzzle_ids, here, segments)
        ahead = targets[here.squeeze(1)]
        fresh = sides_here & ~visited.gather(1, ahead)
        allowed = torch.where(fresh.any(dim=1, keepdim=True), fresh, sides_here)
        move = scores.masked_fill(~allowed, -torch.inf).argmax(dim=1, keepdim=True)
        here = torch.where(going, ahead.gather(1, move), here)
        visited = visited.scatter(1, here, True)
        steps = steps + going
    return Rollout((here == goal).squeeze(1), steps.squeeze(1))


def _move_scores(model: Player, asked: Tensor, puzzle_ids: Tensor, here: Tensor, segments: int) -> Tensor:
    """Logits (batch, 4) float32 of the moves at `here` (batch, 1), after `segments` segments on `asked`."""
    carry = model.initial_carry(len(asked), asked.device)
    for _ in range(segments):
        carry, logits, _ = model(carry, asked, puzzle_ids)
    moves = logits[:, :, 1:5].float()  # labels are move + 1
    return moves.gather(1, here.unsqueeze(-1).expand(-1, 1, 4)).squeeze(1)


def _neighbours(size: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """The cell up, down, left and right of each, (cells, 4), and whether it is in the grid; if not, the cell itself."""
    cells = torch.arange(size * size, device=device)
    row = (cells // size).unsqueeze(1) + torch.tensor(ROW_CHANGE, device=device)
    column = (cells % size).unsqueeze(1) + torch.tensor(COLUMN_CHANGE, device=device)
    inside = (row >= 0) & (row < size) & (column >= 0) & (column < size)
    return torch.where(inside, row * size + column, cells.unsqueeze(1)), inside
