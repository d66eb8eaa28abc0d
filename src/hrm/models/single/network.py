"""One module instead of two: the control of the studies that doubt the hierarchy, and direct prediction.

A segment calls the module high_cycles x low_cycles times on one state; it has the layers of both HRM modules, so that
the sizes agree. With one call and one segment this is a Transformer that answers at once; unrolled without detaching it
is a recurrent Transformer.
"""

from typing import NamedTuple

from torch import Tensor

from hrm.models.architecture import gradient_calls
from hrm.models.initial import Init
from hrm.models.layers import EVERYWHERE, RecurrentModule, Rotary
from hrm.models.segment import SegmentModel, with_gradient


class State(NamedTuple):
    """The state between segments, (batch, puzzle length + cells, hidden)."""

    high_state: Tensor


class Single(SegmentModel):
    """state <- module(state + input), again and again."""

    states = State

    def make_modules(self, init: Init) -> None:
        """The one module."""
        layers = self.params.high_layers + self.params.low_layers
        self.high_module = RecurrentModule(self.params, layers, self.embedding.length, init)

    def forward_states(self, states: State, injected: Tensor, rotary: Rotary, positions: slice) -> State:
        """All calls of one segment; gradients flow through the last ones, as `gradient` says."""
        calls = self.params.high_cycles * self.params.low_cycles
        without = calls - gradient_calls(self.params.gradient, calls, 1)
        (state,) = states
        for call in range(calls):
            with with_gradient(call >= without):
                wanted = positions if call == calls - 1 else EVERYWHERE
                state = self.call(state, injected, rotary, wanted)
            self.note("core", call + 1, state)
        return State(state)

    def call(self, state: Tensor, injected: Tensor, rotary: Rotary, positions: slice) -> Tensor:
        """The next state, at `positions` alone."""
        after: Tensor = self.high_module(state, injected, None, rotary, positions)
        return after
