"""Bootstrap over independent units (test examples, trajectories): how often each is drawn, and intervals from it."""

from typing import NamedTuple

import torch
from torch import Tensor

from hrm.core.seeds import torch_generator


class Estimate(NamedTuple):
    """A number with the ends of its interval."""

    value: float
    low: float
    high: float


def resamples(units: int, count: int, device: torch.device) -> Tensor:
    """(count, units) float64: how often each of `units` is drawn in each of `count` resamples of as many, with return.

    Equal arguments give equal draws, so that statistics of the same units are resampled together.
    """
    drawn = torch.randint(units, (count, units), generator=torch_generator(0, "resamples", index=units))
    zeros = torch.zeros(count, units, dtype=torch.float64)
    return zeros.scatter_add_(1, drawn, torch.ones_like(zeros)).to(device)


def percentile_interval(values: Tensor, confidence: float) -> tuple[Tensor, Tensor]:
    """Quantiles of resampled statistics (count, ...) that hold the share `confidence` between them, each (...)."""
    ends = torch.tensor([0.5 - confidence / 2, 0.5 + confidence / 2], dtype=values.dtype, device=values.device)
    low, high = torch.quantile(values, ends, dim=0)
    return low, high


def reflected_interval(value: Tensor, values: Tensor, confidence: float) -> tuple[Tensor, Tensor]:
    """The percentile interval of positive `values` (count, ...), reflected at the estimate `value` on a log scale.

    For statistics that few units make too small, as they do the participation ratio: resamples hold fewer different
    units than there are and are smaller again, so that percentiles would miss on the same side. It is widened to hold
    the estimate.
    """
    low, high = percentile_interval(values, confidence)
    return torch.minimum(value.square() / high, value), torch.maximum(value.square() / low, value)
