"""A plain recurrent network: the one whose forward residuals die early in figure 3 of the HRM paper.

The paper does not say what its recurrent network is. Here one gated recurrent cell, with the same weights at every
position and every step, is applied high_cycles x low_cycles times a segment; its input is the embedded token and what
one attention layer gathers of all states, so that it can see the grid. No levels, no norms, no residual stack.
"""

from torch import Tensor

from hrm.models.initial import Init
from hrm.models.layers import Rotary
from hrm.models.plain_layers import GruCell, SelfAttention
from hrm.models.single.network import Single


class Rnn(Single):
    """state <- cell(input + attention(state), state), again and again; the state starts at zero."""

    zero_states = True

    def make_modules(self, init: Init) -> None:
        """The attention that lets the positions see each other, and the cell."""
        size = self.params.hidden_size
        self.gather = SelfAttention(size, self.params.heads, self.params.dropout, init)
        self.cell = GruCell(size, size, init)

    def call(self, state: Tensor, injected: Tensor, rotary: Rotary, positions: slice) -> Tensor:
        """The next state, at `positions` alone."""
        after: Tensor = self.cell(injected + self.gather(state, rotary), state)
        return after[:, positions]
