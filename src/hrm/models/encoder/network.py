"""The baseline of the pointer-over-heads study: a Transformer encoder that answers at once.

As PyTorch's TransformerEncoderLayer by default: post-norm, LayerNorm, ReLU, biases everywhere (a test compares the
two). Written out here because that one does not compute in another type than its weights have. The layers are called
once a segment on state + input; the state starts at 0, so with one segment they see the input alone.
"""

from typing import NamedTuple

from torch import Tensor, nn

from hrm.core.schema import ModelParams
from hrm.models.initial import Init
from hrm.models.layers import Layer, Rotary, drop
from hrm.models.plain_layers import FeedForward, LayerNorm, SelfAttention
from hrm.models.segment import SegmentModel


class State(NamedTuple):
    """The state between segments, (batch, puzzle length + cells, hidden)."""

    high_state: Tensor


class EncoderBlock(Layer):
    """Attention, then feed-forward, each followed by the norm of the residual sum."""

    def __init__(self, params: ModelParams, init: Init) -> None:
        super().__init__()
        size, self.dropout = params.hidden_size, params.dropout
        self.attention = SelfAttention(size, params.heads, params.dropout, init)
        self.feed_forward = FeedForward(size, round(params.expansion * size), params.dropout, init, bias=True)
        self.first_norm = LayerNorm(size, params.norm_epsilon)
        self.second_norm = LayerNorm(size, params.norm_epsilon)

    def forward(self, hidden: Tensor, rotary: Rotary) -> Tensor:
        """(batch, length, hidden) -> the same shape."""
        mixed = drop(self.attention(hidden, rotary), self.dropout, self.training)
        hidden = self.first_norm(hidden + mixed)
        return self.second_norm(hidden + drop(self.feed_forward(hidden), self.dropout, self.training))


class Encoder(SegmentModel):
    """A stack of post-norm blocks, as many as HRM's two modules have layers."""

    states = State
    zero_states = True

    def make_modules(self, init: Init) -> None:
        """The blocks."""
        depth = self.params.high_layers + self.params.low_layers
        self.blocks = nn.ModuleList(EncoderBlock(self.params, init) for _ in range(depth))

    def forward_states(self, states: State, injected: Tensor, rotary: Rotary, positions: slice) -> State:
        """One pass."""
        hidden = injected + states.high_state
        for block in self.blocks:
            hidden = block(hidden, rotary)
        answer = hidden[:, positions]
        self.note("core", 1, answer)
        return State(answer)
