"""Participation ratio: in how many dimensions a network's states move (HRM paper, figure 8).

    PR = (sum of the eigenvalues)^2 / (sum of their squares)

of the covariance of state vectors: d when all d directions carry the same variance, 1 when one carries all. No
eigenvalue is needed, as the sums are the trace of the covariance and the sum of its squared entries. The paper does
not say which vectors it takes. Here a trajectory is one test puzzle, and its vectors are either the states of every
position after every update, or their means over the positions.

Few trajectories give too small a ratio. The intervals are of the ratio that very many would give: they cover it in
nine of ten cases or more from about 20 trajectories on (tests/unit/test_participation.py), less with fewer.
"""

import torch
from torch import Tensor

from hrm.analysis.resampling import Estimate, reflected_interval, resamples

RESAMPLES_AT_ONCE = 100  # as many covariances are held at a time


class Moments:
    """First and second moments of each trajectory, in float64; memory does not grow with the vectors that are added."""

    def __init__(self, trajectories: int, size: int, device: torch.device) -> None:
        self.counts = torch.zeros(trajectories, dtype=torch.float64, device=device)
        self.sums = torch.zeros(trajectories, size, dtype=torch.float64, device=device)
        self.products = torch.zeros(trajectories, size, size, dtype=torch.float64, device=device)

    def add(self, rows: slice, vectors: Tensor) -> None:
        """Take `vectors` (trajectories of `rows`, vectors, size)."""
        wide = vectors.to(torch.float64)
        self.counts[rows] += wide.shape[1]
        self.sums[rows] += wide.sum(dim=1)
        self.products[rows].baddbmm_(wide.mT, wide)

    def covariances(self, weights: Tensor) -> Tensor:
        """(count, size, size): covariance of all vectors, each trajectory counted as often as `weights` say.

        `weights` are (count, trajectories), of the first trajectories or of all.
        """
        first = weights.shape[1]
        total = (weights @ self.counts[:first]).unsqueeze(1)
        means = weights @ self.sums[:first] / total
        second = weights @ self.products[:first].flatten(1) / total
        size = self.sums.shape[1]
        return second.view(-1, size, size) - means.unsqueeze(2) * means.unsqueeze(1)


def participation_ratio(covariances: Tensor) -> Tensor:
    """(..., d, d) -> (...), between 1 and d; 0 / 0, that is no variance at all, is not a number."""
    trace = covariances.diagonal(dim1=-2, dim2=-1).sum(dim=-1)
    return trace.square() / covariances.square().sum(dim=(-2, -1))


def ratios(moments: Moments, weights: Tensor) -> Tensor:
    """(count,) participation ratio under each row of `weights` (count, trajectories)."""
    parts = torch.split(weights, RESAMPLES_AT_ONCE)
    return torch.cat([participation_ratio(moments.covariances(part)) for part in parts])


def estimates(moments: dict[str, Moments], trajectories: int, count: int, confidence: float) -> dict[str, Estimate]:
    """Participation ratio of each state over the first `trajectories`, and of H over L where there are both.

    Args:
        moments: of each state.
        trajectories: how many of them.
        count: resamples of trajectories; the same for all states.
        confidence: of the reflected interval.

    Returns:
        By the name of the state; H/L is the quotient.
    """
    device = next(iter(moments.values())).sums.device
    all_once = torch.ones(1, trajectories, dtype=torch.float64, device=device)
    drawn = resamples(trajectories, count, device)
    values = {name: ratios(found, torch.cat((all_once, drawn))) for name, found in moments.items()}
    if {"H", "L"} <= values.keys():
        values["H/L"] = values["H"] / values["L"]
    names = sorted(values)
    both = torch.stack([values[name] for name in names], dim=1)  # (1 + count, states)
    low, high = reflected_interval(both[0], both[1:], confidence)
    found = zip(both[0].tolist(), low.tolist(), high.tolist(), strict=True)
    return {name: Estimate(*ends) for name, ends in zip(names, found, strict=True)}
