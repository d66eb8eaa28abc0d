"""Adaptive computation time over refinements (Graves, 2016, arXiv 1603.08983), at static shapes.

Each position halts at the first refinement N at which its halting probabilities sum to the threshold, at the last one
in any case. Its answer is the mean of its hidden vectors under those probabilities, the last of which is replaced by
what the others leave of 1; its ponder cost is N plus that remainder. All refinements are computed all the same.
"""

import torch
from torch import Tensor


class Pondering:
    """What has been gathered so far; call `add` once a refinement."""

    def __init__(self, hidden: Tensor, threshold: float, refinements: int) -> None:
        self.threshold, self.left = threshold, refinements
        self.answer = torch.zeros_like(hidden)  # (batch, length, hidden)
        self.spent = hidden.new_zeros(hidden.shape[:-1], dtype=torch.promote_types(hidden.dtype, torch.float32))
        self.costs = torch.zeros_like(self.spent)
        self.running = torch.ones_like(self.spent, dtype=torch.bool)

    def add(self, hidden: Tensor, halting: Tensor) -> None:
        """Take hidden vectors (batch, length, hidden) after a refinement and their halting logits (batch, length)."""
        self.left -= 1
        chance = torch.sigmoid(halting.to(self.spent.dtype))
        stops = self.running & ((self.spent + chance >= self.threshold) if self.left else self.running)
        rest = 1.0 - self.spent
        zero = torch.zeros_like(rest)
        weight = torch.where(stops, rest, torch.where(self.running, chance, zero))
        self.answer = self.answer + weight.unsqueeze(-1).to(hidden.dtype) * hidden
        self.costs = self.costs + self.running.to(rest.dtype) + torch.where(stops, rest, zero)
        self.spent = self.spent + torch.where(self.running, chance, zero)
        self.running = self.running & ~stops

    def cost(self) -> Tensor:
        """Mean over batch and positions (scalar), in refinements."""
        return self.costs.mean()
