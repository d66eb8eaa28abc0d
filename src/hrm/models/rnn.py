"""A plain recurrent network: the one whose forward residuals die early in figure 3 of the HRM paper.

The paper does not say what its recurrent network is. Here one gated recurrent cell, with the same weights at every
position and every step, is applied high_cycles x low_cycles times a segment; its input is the embedded token and what
one attention layer gathers of all states, so that it can see the grid. No levels, no norms, no residual stack.
"""

from typing import NamedTuple

from torch import Tensor

from hrm.models.gradients import gradient_calls, with_gradient
from hrm.models.initial import Init
from hrm.models.plain_layers import GruCell, Rotary, SelfAttention
from hrm.models.segment import SegmentModel


class State(NamedTuple):
    """The state between segments, (batch, puzzle length + cells, hidden)."""

    high_state: Tensor


class Rnn(SegmentModel):
    """state <- cell(input + attention(state), state), again and again."""

    states = State
    zero_states = True

    def make_modules(self, init: Init) -> None:
        """The attention that lets the positions see each other, and the cell."""
        size = self.params.hidden_size
        self.gather = SelfAttention(size, self.params.heads, self.params.dropout, init)
        self.cell = GruCell(size, size, init)

    def think(self, states: State, injected: Tensor, rotary: Rotary, positions: slice) -> State:
        """All steps of one segment; gradients flow through the last ones, as `gradient` says."""
        calls = self.params.high_cycles * self.params.low_cycles
        without = calls - gradient_calls(self.params.gradient, calls, 1)
        (state,) = states
        for call in range(calls):
            with with_gradient(call >= without):
                state = self.cell(injected + self.gather(state, rotary), state)
        return State(state[:, positions])
