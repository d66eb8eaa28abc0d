"""The Hierarchical Reasoning Model (arXiv 2506.21734, section 2).

One call of `Hrm` is one segment: `high_cycles` times, the low module takes `low_cycles` steps under the same high
state, then the high module takes one. The two states are carried from segment to segment without a gradient.

    low  <- L(low + high + input)      low_cycles times a cycle
    high <- H(high + low)              once a cycle
    answer = head(high), (halt, continue) = q_head(high at position 0)
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from hrm.core.schema import ModelParams
from hrm.models.embedding import InputEmbedding
from hrm.models.layers import EVERYWHERE, Block, Linear, rotary_table, truncated_normal

DTYPES = {"bfloat16": torch.bfloat16, "float32": torch.float32}


class Carry(NamedTuple):
    """States between segments, both (batch, puzzle length + cells, hidden)."""

    high_state: Tensor
    low_state: Tensor


class RecurrentModule(nn.Module):
    """A stack of blocks that updates a state from itself and what is injected into it."""

    def __init__(self, params: ModelParams, layers: int, generator: torch.Generator) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Block(params, generator) for _ in range(layers))

    def forward(
        self,
        state: Tensor,
        injected: Tensor,
        more: Tensor | None,
        rotary: tuple[Tensor, Tensor] | None,
        positions: slice = EVERYWHERE,
    ) -> Tensor:
        """State (batch, length, hidden) plus one or two injections of its shape -> the next state.

        With `positions`, the last block computes those alone.
        """
        hidden = state + (injected if more is None else injected + more)
        for layer in self.layers[:-1]:
            hidden = layer(hidden, rotary)
        return self.layers[-1](hidden, rotary, positions)


class QHead(nn.Module):
    """Halt and continue values; weight 0 and bias -5, so that training starts by not halting (released code)."""

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(2, hidden_size))
        self.bias = nn.Parameter(torch.full((2,), -5.0))

    def forward(self, hidden: Tensor) -> Tensor:
        """(batch, hidden) -> (batch, 2) float32 logits (halt, continue)."""
        return nn.functional.linear(hidden, self.weight.to(hidden.dtype), self.bias.to(hidden.dtype)).float()


class Hrm(nn.Module):
    """The network of one segment; weights depend on the generator alone, not on the device."""

    def __init__(
        self,
        params: ModelParams,
        vocabulary_size: int,
        cells: int,
        puzzle_ids: int,
        dtype: torch.dtype,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        self.params, self.dtype = params, dtype
        self.embedding = InputEmbedding(params, vocabulary_size, cells, puzzle_ids, generator)
        self.high_module = RecurrentModule(params, params.high_layers, generator)
        self.low_module = RecurrentModule(params, params.low_layers, generator)
        self.head = Linear(params.hidden_size, vocabulary_size, generator)
        self.q_head = QHead(params.hidden_size)
        self.high_init: Tensor
        self.low_init: Tensor
        self.register_buffer("high_init", truncated_normal((params.hidden_size,), 1.0, generator))
        self.register_buffer("low_init", truncated_normal((params.hidden_size,), 1.0, generator))
        cosine, sine = rotary_table(self.embedding.length, params.hidden_size // params.heads, params.rope_base)
        self.cosine: Tensor
        self.sine: Tensor
        self.register_buffer("cosine", cosine, persistent=False)
        self.register_buffer("sine", sine, persistent=False)

    def initial_carry(self, batch: int, device: torch.device) -> Carry:
        """States of fresh examples: the same vector at every position."""
        shape = (batch, self.embedding.length, self.params.hidden_size)
        high = self.high_init.to(device, self.dtype).expand(shape).contiguous()
        return Carry(high, self.low_init.to(device, self.dtype).expand(shape).contiguous())

    def reset(self, carry: Carry, fresh: Tensor) -> Carry:
        """Start the states of the examples with `fresh` (batch,) over."""
        chosen = fresh.view(-1, 1, 1)
        high = torch.where(chosen, self.high_init.to(self.dtype), carry.high_state)
        return Carry(high, torch.where(chosen, self.low_init.to(self.dtype), carry.low_state))

    def forward(
        self, carry: Carry, inputs: Tensor, puzzle_ids: Tensor, puzzle_rows: Tensor | None = None
    ) -> tuple[Carry, Tensor, Tensor]:
        """One segment.

        Args:
            carry: states from the segment before, or `initial_carry`.
            inputs: (batch, cells) tokens.
            puzzle_ids: (batch,) row of the puzzle table.
            puzzle_rows: those rows as a leaf with a gradient, in training; looked up when None.

        Returns:
            The detached next carry, logits (batch, cells, vocabulary), and (batch, 2) halt and continue logits.
        """
        high, low = self._think(carry, inputs, puzzle_ids, puzzle_rows, EVERYWHERE)
        logits = self.head(high[:, self.embedding.puzzle_length :])
        return Carry(high.detach(), low.detach()), logits, self.q_head(high[:, 0])

    def peek(self, carry: Carry, inputs: Tensor, puzzle_ids: Tensor, puzzle_rows: Tensor | None = None) -> Tensor:
        """The Q values (batch, 2) after one more segment: the extra forward pass for the target of continue.

        The Q head reads position 0 alone, so the last block computes no other.
        """
        return self.q_head(self._think(carry, inputs, puzzle_ids, puzzle_rows, slice(1))[0][:, 0])

    def _think(
        self, carry: Carry, inputs: Tensor, puzzle_ids: Tensor, puzzle_rows: Tensor | None, positions: slice
    ) -> Carry:
        """All cycles of one segment; the last high state at `positions` alone."""
        if puzzle_rows is None:
            puzzle_rows = self.embedding.puzzle_table[puzzle_ids]
        injected = self.embedding(inputs, puzzle_rows, self.dtype)
        rotary = (self.cosine, self.sine) if self.params.positions == "rope" else None
        high, low = carry
        # All steps but the last of each module carry no gradient: the one-step approximation of equation (4).
        with torch.no_grad():
            for cycle in range(self.params.high_cycles):
                last = cycle == self.params.high_cycles - 1
                for _ in range(self.params.low_cycles - last):
                    low = self.low_module(low, high, injected, rotary)
                if not last:
                    high = self.high_module(high, low, None, rotary)
        low = self.low_module(low, high, injected, rotary)
        return Carry(self.high_module(high, low, None, rotary, positions), low)


def build_model(
    params: ModelParams, dtype: str, vocabulary_size: int, cells: int, puzzle_ids: int, generator: torch.Generator
) -> Hrm:
    """The network that `params.architecture` names."""
    return Hrm(params, vocabulary_size, cells, puzzle_ids, DTYPES[dtype], generator)


def count_parameters(model: nn.Module) -> int:
    """Number of trainable parameters; the puzzle table and the initial states are buffers and do not count."""
    return sum(parameter.numel() for parameter in model.parameters())
