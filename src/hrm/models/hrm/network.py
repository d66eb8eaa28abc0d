"""The Hierarchical Reasoning Model (arXiv 2506.21734, section 2), and the Tiny Recursive Model (arXiv 2510.04871).

`high_cycles` times a segment, the low module takes `low_cycles` steps under the same high state, then the high module
takes one. The two states are carried from segment to segment without a gradient.

    low  <- L(low + high + input)      low_cycles times a cycle
    high <- H(high + low)              once a cycle
    answer = head(high), (halt, continue) = q_head(high at position 0)

TRM is the same with one network for both roles (`shared_modules`): its z is the low state, its y the high one.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from hrm.models.architecture import gradient_calls
from hrm.models.initial import Init
from hrm.models.layers import EVERYWHERE, RecurrentModule, Rotary
from hrm.models.segment import SegmentModel, with_gradient


class Carry(NamedTuple):
    """States between segments, both (batch, puzzle length + cells, hidden)."""

    high_state: Tensor
    low_state: Tensor


class Hrm(SegmentModel):
    """Two modules that update two states at two rates."""

    states = Carry
    two_levels = True

    def make_modules(self, init: Init) -> None:
        """The high module, then the low one, which may be the same."""
        params, length = self.params, self.embedding.length
        self.high_module = RecurrentModule(params, params.high_layers, length, init)
        if not params.shared_modules:
            self.low_module = RecurrentModule(params, params.low_layers, length, init)
        if params.high_update == "gated":
            self.high_gate = Gate(params.hidden_size)

    def forward_states(self, states: Carry, injected: Tensor, rotary: Rotary, positions: slice) -> Carry:
        """All cycles of one segment; gradients flow through the last module calls, as `gradient` says."""
        params = self.params
        low_module = self.high_module if params.shared_modules else self.low_module
        high, low = states
        calls = params.high_cycles * (params.low_cycles + 1)
        without = calls - gradient_calls(params.gradient, calls, params.low_cycles + 1)
        call = 0
        for cycle in range(params.high_cycles):
            for _ in range(params.low_cycles):
                with with_gradient(call >= without):
                    low = low_module(low, high, injected, rotary)
                self.note("L", cycle + 1, low)
                call += 1
            last = cycle == params.high_cycles - 1
            with with_gradient(call >= without):
                high = self._next_high(high, low, rotary, positions if last else EVERYWHERE)
            self.note("H", cycle + 1, high)
            call += 1
        return Carry(high, low)

    def _next_high(self, high: Tensor, low: Tensor, rotary: Rotary, positions: slice) -> Tensor:
        new: Tensor = self.high_module(high, low, None, rotary, positions)
        if self.params.high_update == "plain":
            return new
        old = high[:, positions]
        return torch.lerp(old, new, self.high_gate(old, low[:, positions]))


class Gate(nn.Module):
    """How much of the high module's update is taken at each position: a learned, dynamic period of it.

    With low_cycles 1 the high module proposes an update after every low step, and the gate decides when it counts.
    """

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1, 2 * hidden_size))
        self.bias = nn.Parameter(torch.full((1,), 2.0))  # at first 88 % of an update is taken

    def forward(self, high: Tensor, low: Tensor) -> Tensor:
        """Two of (batch, length, hidden) -> (batch, length, 1) between 0 and 1."""
        both = torch.cat((high, low), dim=-1)
        return torch.sigmoid(nn.functional.linear(both, self.weight.to(both.dtype), self.bias.to(both.dtype)))
