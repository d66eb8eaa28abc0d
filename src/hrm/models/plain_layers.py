"""Layers of textbook Transformers and recurrent cells: with biases, LayerNorm and ReLU.

HRM's own are in hrm.models.layers; as there, each layer takes its weights in the dtype of its input.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from hrm.models.initial import Init
from hrm.models.layers import Rotary, drop, rotate


class Affine(nn.Module):
    """A linear map with a bias that starts at 0, or without one."""

    def __init__(self, inputs: int, outputs: int, init: Init, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(init.linear(outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None

    def forward(self, values: Tensor) -> Tensor:
        """(..., in) -> (..., out)."""
        bias = None if self.bias is None else self.bias.to(values.dtype)
        return functional.linear(values, self.weight.to(values.dtype), bias)


class LayerNorm(nn.Module):
    """Zero mean and unit variance over the last dimension, then a learned scale and shift; computed in float32."""

    def __init__(self, size: int, epsilon: float) -> None:
        super().__init__()
        self.epsilon = epsilon
        self.weight = nn.Parameter(torch.ones(size))
        self.bias = nn.Parameter(torch.zeros(size))

    def forward(self, values: Tensor) -> Tensor:
        """(..., size) -> the same shape and dtype."""
        wide = values if values.dtype == torch.float64 else values.float()
        weight, bias = self.weight.to(wide.dtype), self.bias.to(wide.dtype)
        return functional.layer_norm(wide, weight.shape, weight, bias, self.epsilon).to(values.dtype)


class GruCell(nn.Module):
    """A gated recurrent unit in PyTorch's form: the reset gate acts on the state's part of the candidate."""

    def __init__(self, inputs: int, size: int, init: Init) -> None:
        super().__init__()
        self.from_input = Affine(inputs, 3 * size, init)
        self.from_state = Affine(size, 3 * size, init)

    def forward(self, values: Tensor, state: Tensor) -> Tensor:
        """(..., inputs) and state (..., size) -> the next state (..., size)."""
        reset, update, candidate = self.from_input(values).chunk(3, dim=-1)
        kept_reset, kept_update, kept = self.from_state(state).chunk(3, dim=-1)
        new = torch.tanh(candidate + torch.sigmoid(reset + kept_reset) * kept)
        return torch.lerp(new, state, torch.sigmoid(update + kept_update))


class SelfAttention(nn.Module):
    """Multi-head attention over all positions, whose heads can be scaled.

    Args:
        size: of the hidden vectors.
        heads: that divide it.
        dropout: of the attention weights, in training.
        slices: scale equal slices of the projected output instead of the heads; they are no heads, as the projection
            has mixed those, but it is what the published code of the pointer-over-heads model does.
        init: first values.
    """

    def __init__(self, size: int, heads: int, dropout: float, init: Init, slices: bool = False) -> None:
        super().__init__()
        self.heads, self.dropout, self.slices = heads, dropout, slices
        self.qkv = Affine(size, 3 * size, init)
        self.out = Affine(size, size, init)

    def forward(self, hidden: Tensor, rotary: Rotary, scales: Tensor | None = None) -> Tensor:
        """(batch, length, size), and scales (batch, heads) or None, -> (batch, length, size)."""
        batch, length, size = hidden.shape
        query, key, value = self.project(hidden, rotary)
        dropped = self.dropout if self.training else 0.0
        mixed = functional.scaled_dot_product_attention(query, key, value, dropout_p=dropped).transpose(1, 2)
        if scales is not None and not self.slices:
            mixed = mixed * scales[:, None, :, None]
        projected: Tensor = self.out(mixed.reshape(batch, length, size))
        if scales is not None and self.slices:
            sliced = projected.view(batch, length, self.heads, -1) * scales[:, None, :, None]
            projected = sliced.view(batch, length, size)
        return projected

    def project(self, hidden: Tensor, rotary: Rotary) -> tuple[Tensor, Tensor, Tensor]:
        """(batch, length, size) -> queries, keys and values, each (batch, heads, length, head size)."""
        batch, length, size = hidden.shape
        split = self.qkv(hidden).view(batch, length, 3, self.heads, size // self.heads).permute(2, 0, 3, 1, 4)
        query, key, value = split.unbind()
        if rotary is not None:
            query, key = rotate(query, *rotary), rotate(key, *rotary)
        return query, key, value


class FeedForward(nn.Module):
    """Two linear maps with ReLU and dropout between them."""

    def __init__(self, size: int, width: int, dropout: float, init: Init, bias: bool) -> None:
        super().__init__()
        self.dropout = dropout
        self.up = Affine(size, width, init, bias)
        self.down = Affine(width, size, init, bias)

    def forward(self, hidden: Tensor) -> Tensor:
        """(..., size) -> the same shape."""
        return self.down(drop(functional.relu(self.up(hidden)), self.dropout, self.training))
