"""Losses of one segment: cross entropy a cell, and what is known of each answer."""

import torch
from torch import Tensor
from torch.nn import functional

from hrm.core.schema import TrainParams


def stablemax_cross_entropy(logits: Tensor, labels: Tensor, smoothing: float = 0.0) -> Tensor:
    """Cross entropy with s(x) = x + 1 for x >= 0, 1 / (1 - x) below, in place of exp (Prieto et al., 2025).

    Computed in float64, as the released code does. `smoothing` is the share of the target spread over all tokens.
    logits (..., vocabulary), labels (...) -> (...).
    """
    wide = logits.double()
    mass = torch.where(wide < 0, 1.0 / (1.0 - wide + 1e-30), wide + 1.0)
    chosen = mass.gather(-1, labels.unsqueeze(-1)).squeeze(-1).log()
    if smoothing:
        chosen = (1.0 - smoothing) * chosen + smoothing * mass.log().mean(dim=-1)
    return mass.sum(dim=-1).log() - chosen


def softmax_cross_entropy(logits: Tensor, labels: Tensor, smoothing: float = 0.0) -> Tensor:
    """Ordinary cross entropy in float32. logits (..., vocabulary), labels (...) -> (...)."""
    flat, wished = logits.float().flatten(0, -2), labels.flatten()
    return functional.cross_entropy(flat, wished, reduction="none", label_smoothing=smoothing).view(labels.shape)


LOSSES = {"stablemax": stablemax_cross_entropy, "softmax": softmax_cross_entropy}


def answer_loss(logits: Tensor, labels: Tensor, params: TrainParams) -> Tensor:
    """(batch,) mean cross entropy over the cells that count: those whose label (batch, cells) is not 0 (padding)."""
    counted = labels != 0
    cells = counted.sum(dim=1).clamp_min(1)
    return (LOSSES[params.loss](logits, labels, params.label_smoothing) * counted).sum(dim=1) / cells


@torch.no_grad()
def answer_accuracy(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Share of right cells (batch,) among those that count, and whether all are right (batch,) bool."""
    counted = labels != 0
    right = (logits.argmax(dim=-1) == labels) & counted
    return right.sum(dim=1) / counted.sum(dim=1).clamp_min(1), (right | ~counted).all(dim=1)
