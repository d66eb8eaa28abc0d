"""Forward residuals: how far a state moves at each step (HRM paper, figure 3), and what is said of them in numbers.

The residual of a step is the Euclidean norm of z_t - z_(t-1) at one position, where z_(t-1) is the same state before
that module call (the initial state before the first); its mean over all positions, then over test examples. Of a deep
network t counts layers and z_0 is what goes into the first one. The paper writes no more than the norm; the mean over
positions keeps it independent of the size of the grid.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from hrm.analysis.resampling import Estimate, percentile_interval, resamples

LEAST_STEPS = 4  # of a curve of which anything is said


class Step(NamedTuple):
    """One update of one state."""

    state: str  # H, L, core or layer
    step: int  # from 1, over all module calls (or layers) of all segments
    segment: int
    cycle: int


def residual(before: Tensor, after: Tensor) -> tuple[Tensor, Tensor]:
    """(batch,) mean over positions of |after - before|, both (batch, length, hidden), and of |after|; in float32."""
    wide = after.float()
    moved = torch.linalg.vector_norm(wide - before.float(), dim=-1)
    return moved.mean(dim=1), torch.linalg.vector_norm(wide, dim=-1).mean(dim=1)


def resampled_means(values: Tensor, count: int) -> Tensor:
    """(1 + count, steps): means over examples of `values` (steps, examples), then of resamples of the examples."""
    wide = values.to(torch.float64)
    drawn = resamples(wide.shape[1], count, wide.device) / wide.shape[1]
    return torch.cat((wide.mean(dim=1).unsqueeze(0), drawn @ wide.T))


def intervals(means: Tensor, confidence: float) -> list[Estimate]:
    """One a step, from `resampled_means`."""
    low, high = percentile_interval(means[1:], confidence)
    return [Estimate(*ends) for ends in zip(means[0].tolist(), low.tolist(), high.tolist(), strict=True)]


def characters(state: str, steps: Sequence[Step], means: Tensor, confidence: float) -> dict[str, Estimate]:
    """What the paper says of a curve, in numbers with intervals over examples; what does not apply is left out.

    decline: rank correlation (Spearman) of residual and step; -1 where it falls at every step.
    quarter: the residual a quarter of the way over the first one; near 0 where it dies early.
    within: of L, the last residual of a cycle over its first (geometric mean over cycles); below 1 where it converges.
    reset: of L, the first of a cycle over the last of the cycle before (geometric mean); above 1 where H resets it.
    ends: of layers, the smaller one of first and last over the mean of those between.

    Args:
        state: its name.
        steps: of the curve.
        means: (resamples, steps) as `resampled_means` gives them.
        confidence: of the intervals.
    """
    found: dict[str, Callable[[Tensor], Tensor]] = {}
    if state == "layer":
        if len(steps) > 2:
            found["ends"] = _ends
    elif len(steps) >= LEAST_STEPS:
        found["decline"] = _decline
        found["quarter"] = lambda curve: curve[:, math.ceil(curve.shape[1] / 4) - 1] / curve[:, 0]
        cycles = _cycles(steps)
        if state == "L" and len(cycles) > 1 and all(len(cycle) > 1 for cycle in cycles):
            first, last = ([cycle[end] for cycle in cycles] for end in (0, -1))
            found["within"] = lambda curve: _mean_quotient(curve[:, last], curve[:, first])
            found["reset"] = lambda curve: _mean_quotient(curve[:, first[1:]], curve[:, last[:-1]])
    return {name: intervals(function(means).unsqueeze(1), confidence)[0] for name, function in found.items()}


def _cycles(steps: Sequence[Step]) -> list[list[int]]:
    """The places in `steps` of each cycle."""
    cycles: dict[tuple[int, int], list[int]] = {}
    for place, step in enumerate(steps):
        cycles.setdefault((step.segment, step.cycle), []).append(place)
    return list(cycles.values())


def _mean_quotient(above: Tensor, below: Tensor) -> Tensor:
    least = torch.finfo(torch.float32).tiny  # a state that has come to rest: 0 over 0 counts as 1
    return (above.clamp_min(least).log() - below.clamp_min(least).log()).mean(dim=1).exp()


def _decline(curve: Tensor) -> Tensor:
    ranks = curve.argsort(dim=1).argsort(dim=1).double()
    ranks = ranks - ranks.mean(dim=1, keepdim=True)
    order = torch.arange(curve.shape[1], dtype=ranks.dtype, device=ranks.device)
    order = order - order.mean()
    return (ranks @ order) / order.square().sum()  # both have the same variance


def _ends(curve: Tensor) -> Tensor:
    return torch.minimum(curve[:, 0], curve[:, -1]) / curve[:, 1:-1].mean(dim=1)
