"""Players: networks, or what stands in for one, asked segment by segment."""

from collections.abc import Iterable
from typing import Any, Protocol

import torch
from torch import Tensor


class Player(Protocol):
    """What tasks and the evaluation ask of a network; those of hrm.models are some."""

    def initial_carry(self, batch: int, device: torch.device) -> Any:
        """States of fresh examples."""

    def __call__(self, carry: Any, inputs: Tensor, puzzle_ids: Tensor) -> tuple[Any, Tensor, Tensor]:
        """One segment: next carry, logits (batch, cells, vocabulary), halt and continue logits (batch, 2)."""


def predictions(model: Player, tokens: Tensor, puzzle_ids: Tensor, segments: int) -> Iterable[tuple[Tensor, Tensor]]:
    """After each segment, the likeliest tokens (batch, cells) and the logits (batch, 2); tokens are (batch, cells)."""
    long_tokens = tokens.long()
    carry = model.initial_carry(len(tokens), tokens.device)
    for _ in range(segments):
        carry, logits, q = model(carry, long_tokens, puzzle_ids)
        yield logits.argmax(dim=-1), q


def batch_starts(examples: int, batch_size: int) -> range:
    """First example of every batch."""
    return range(0, examples, batch_size)


def batch_rows(start: int, examples: int, batch_size: int, device: torch.device) -> Tensor:
    """(batch_size,) example numbers of a batch; past the end the batch's first example stands in."""
    rows = torch.arange(start, start + batch_size, device=device)
    return torch.where(rows < examples, rows, start)
