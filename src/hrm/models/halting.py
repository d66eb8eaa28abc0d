"""Adaptive computation time by Q-learning (section 2, "Adaptive computational time")."""

import torch
from torch import Tensor

from hrm.core.schema import HaltingParams


def wants_halt(q: Tensor, params: HaltingParams) -> Tensor:
    """(batch, 2) logits -> (batch,) bool: halt beats continue, or is likelier than not when continue is not trained."""
    if params.continue_target == "none":
        return q[:, 0] > 0
    return q[:, 0] > q[:, 1]


def minimum_segments(params: HaltingParams, shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Least number of segments, int32 on the CPU: uniform in 2 .. max_segments where it explores, else 0."""
    explore = torch.rand(shape, generator=generator) < params.exploration
    if params.max_segments < 2:
        return torch.zeros(shape, dtype=torch.int32)
    low = torch.randint(2, params.max_segments + 1, shape, generator=generator, dtype=torch.int32)
    return torch.where(explore, low, torch.zeros_like(low))


def decide_halt(q: Tensor, steps: Tensor, minimum: Tensor, params: HaltingParams) -> Tensor:
    """(batch,) bool in training: at the last segment always, before it when the model wants to and may."""
    last = steps >= params.max_segments
    if params.max_segments < 2:
        return last
    # The released code applies the minimum to forced halts too; there it never bites, as the minimum is at most M.
    return last | (wants_halt(q, params) & (steps >= minimum))


def continue_target(next_q: Tensor, steps: Tensor, params: HaltingParams) -> Tensor:
    """(batch,) target of the continue value: the best of the next segment, its halt value alone at the last one."""
    last = steps >= params.max_segments
    return torch.sigmoid(torch.where(last, next_q[:, 0], next_q.amax(dim=1)))
