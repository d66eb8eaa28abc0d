"""Losses of one segment: cross entropy a cell, and the two Q values."""

import torch
from torch import Tensor
from torch.nn import functional

from hrm.core.schema import RunParams
from hrm.models.halting import continue_target


def stablemax_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy with s(x) = x + 1 for x >= 0, 1 / (1 - x) below, in place of exp (Prieto et al., 2025).

    Computed in float64, as the released code does. logits (..., vocabulary), labels (...) -> (...).
    """
    wide = logits.double()
    mass = torch.where(wide < 0, 1.0 / (1.0 - wide + 1e-30), wide + 1.0)
    chosen = mass.gather(-1, labels.unsqueeze(-1)).squeeze(-1)
    return mass.sum(dim=-1).log() - chosen.log()


def softmax_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Ordinary cross entropy in float32. logits (..., vocabulary), labels (...) -> (...)."""
    flat = functional.cross_entropy(logits.float().flatten(0, -2), labels.flatten(), reduction="none")
    return flat.view(labels.shape)


LOSSES = {"stablemax": stablemax_cross_entropy, "softmax": softmax_cross_entropy}


def segment_loss(
    logits: Tensor, q: Tensor, labels: Tensor, steps: Tensor, next_q: Tensor | None, params: RunParams
) -> tuple[Tensor, Tensor, Tensor]:
    """Loss of one segment, and what is known of each answer.

    Args:
        logits: (batch, cells, vocabulary).
        q: (batch, 2) halt and continue logits.
        labels: (batch, cells) tokens; 0 (padding) counts neither for the loss nor for accuracy.
        steps: (batch,) segments taken, this one included.
        next_q: (batch, 2) logits of one more segment, or None for the halting loss alone.
        params: of the run.

    Returns:
        Mean loss over the batch (scalar); share of right cells (batch,); whether all are right (batch,) bool.
    """
    counted = labels != 0
    cells = counted.sum(dim=1).clamp_min(1)
    loss = (LOSSES[params.train.loss](logits, labels) * counted).sum(dim=1) / cells
    with torch.no_grad():
        right = (logits.argmax(dim=-1) == labels) & counted
        cell_accuracy = right.sum(dim=1) / cells
        exact = (right | ~counted).all(dim=1)
    q_loss = functional.binary_cross_entropy_with_logits(q[:, 0], exact.float(), reduction="none")
    if next_q is not None:
        target = continue_target(next_q, steps, params.halting)
        q_loss = q_loss + functional.binary_cross_entropy_with_logits(q[:, 1], target, reduction="none")
    return (loss + params.halting.loss_weight * q_loss).mean(), cell_accuracy, exact
