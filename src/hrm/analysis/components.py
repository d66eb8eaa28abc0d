"""Principal components of one trajectory: where the states lie in the plane in which they move most (figure 3)."""

from typing import NamedTuple

import torch
from torch import Tensor

KEPT = 3


class Components(NamedTuple):
    """The first principal components of one trajectory."""

    scores: Tensor  # (steps, KEPT) float64; columns of 0 where there are fewer directions
    shares: Tensor  # (KEPT,) of the variance


def principal_components(states: Tensor) -> Components:
    """Of `states` (steps, features), in float64 from the Gram matrix of the steps, which are fewer than the features.

    The sign of a component is chosen so that its score of greatest size is positive: equal states give equal scores.
    """
    wide = states.to(torch.float64)
    centred = wide - wide.mean(dim=0)
    values, vectors = torch.linalg.eigh(centred @ centred.T)
    steps = len(values)
    values = values.flip(0).clamp_min(0.0)
    values = torch.where(values > steps * torch.finfo(torch.float64).eps * values[0], values, 0.0)
    scores = vectors.flip(1) * values.sqrt()
    scores = torch.nn.functional.pad(scores, (0, max(0, KEPT - steps)))[:, :KEPT]
    largest = scores.gather(0, scores.abs().argmax(dim=0, keepdim=True))
    total = values.sum()
    shares = torch.nn.functional.pad(values, (0, max(0, KEPT - steps)))[:KEPT] / (total if total > 0 else 1.0)
    return Components(torch.where(largest < 0, -scores, scores), shares)
