"""Building blocks of both modules: post-norm Transformer blocks with rotary positions and SwiGLU.

Master weights are float32; each layer casts them to the dtype of its input, so that a bfloat16 forward keeps float32
gradients and optimizer states (as the published code does).
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from hrm.core.schema import ModelParams

EVERYWHERE = slice(None)


def truncated_normal(shape: tuple[int, ...], std: float, generator: torch.Generator) -> Tensor:
    """Normal numbers cut at two sigma, scaled so that their standard deviation is `std` after the cut (as JAX does).

    PyTorch's own trunc_normal_ leaves the deviation 12 % short (DEVIATIONS.md 1 tells what that would change).
    """
    if std == 0.0:
        return torch.zeros(shape)
    cut = math.erf(math.sqrt(2.0))  # probability mass within two sigma
    density = math.exp(-2.0) / math.sqrt(2.0 * math.pi)
    sigma = std / math.sqrt(1.0 - 4.0 * density / cut)
    uniform = torch.rand(shape, generator=generator) * (2.0 * cut) - cut
    values = torch.erfinv(uniform) * (math.sqrt(2.0) * sigma)
    return values.clamp(-2.0 * sigma, 2.0 * sigma)


def rms_norm(values: Tensor, epsilon: float) -> Tensor:
    """Root-mean-square norm over the last dimension, in float32, without a learned scale."""
    wide = values.float()
    return (wide * torch.rsqrt(wide.square().mean(dim=-1, keepdim=True) + epsilon)).to(values.dtype)


def rotary_table(length: int, head_size: int, base: float) -> tuple[Tensor, Tensor]:
    """Cosine and sine of every position: two float32 tensors (length, head_size), the two halves alike."""
    frequencies = base ** (-torch.arange(0, head_size, 2, dtype=torch.float32) / head_size)
    angles = torch.outer(torch.arange(length, dtype=torch.float32), frequencies).repeat(1, 2)
    return angles.cos(), angles.sin()


def rotate(values: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Rotary position embedding on halves (not interleaved); `values` (batch, heads, length, head_size)."""
    wide = values.float()
    first, second = wide.chunk(2, dim=-1)
    return (wide * cosine + torch.cat((-second, first), dim=-1) * sine).to(values.dtype)


class Linear(nn.Module):
    """A linear map with float32 weights (out, in), cast to the input's dtype; LeCun normal init."""

    def __init__(self, inputs: int, outputs: int, generator: torch.Generator) -> None:
        super().__init__()
        self.weight = nn.Parameter(truncated_normal((outputs, inputs), inputs**-0.5, generator))

    def forward(self, values: Tensor) -> Tensor:
        """(..., in) -> (..., out)."""
        return functional.linear(values, self.weight.to(values.dtype))


class Attention(nn.Module):
    """Multi-head attention over all cells (no mask); one matrix makes q, then k, then v."""

    def __init__(self, params: ModelParams, generator: torch.Generator) -> None:
        super().__init__()
        self.heads = params.heads
        self.qkv_proj = Linear(params.hidden_size, 3 * params.hidden_size, generator)
        self.o_proj = Linear(params.hidden_size, params.hidden_size, generator)

    def forward(self, hidden: Tensor, rotary: tuple[Tensor, Tensor] | None, positions: slice) -> Tensor:
        """(batch, length, hidden) -> the same for the wished positions alone; all positions are attended to."""
        batch, length, width = hidden.shape
        parts = self.qkv_proj(hidden).chunk(3, dim=-1)
        # three of (batch, heads, length, head_size)
        query, key, value = (part.view(batch, length, self.heads, -1).transpose(1, 2) for part in parts)
        if rotary is not None:
            query, key = rotate(query, *rotary), rotate(key, *rotary)
        mixed = functional.scaled_dot_product_attention(query[:, :, positions], key, value)
        return self.o_proj(mixed.transpose(1, 2).reshape(batch, -1, width))


def mlp_width(params: ModelParams) -> int:
    """Width of the SwiGLU, rounded up to a multiple (the published code rounds to 256)."""
    wished = round(params.expansion * params.hidden_size * 2 / 3)
    return -(-wished // params.mlp_multiple) * params.mlp_multiple


class SwiGlu(nn.Module):
    """Gated feed-forward layer; one matrix makes the gate, then the values."""

    def __init__(self, params: ModelParams, generator: torch.Generator) -> None:
        super().__init__()
        width = mlp_width(params)
        self.gate_up_proj = Linear(params.hidden_size, 2 * width, generator)
        self.down_proj = Linear(width, params.hidden_size, generator)

    def forward(self, hidden: Tensor) -> Tensor:
        """(batch, length, hidden) -> the same shape."""
        gate, values = self.gate_up_proj(hidden).chunk(2, dim=-1)
        return self.down_proj(functional.silu(gate) * values)


class Block(nn.Module):
    """Attention, then SwiGLU, each followed by the norm of the residual sum (post-norm)."""

    def __init__(self, params: ModelParams, generator: torch.Generator) -> None:
        super().__init__()
        self.epsilon = params.norm_epsilon
        self.self_attn = Attention(params, generator)
        self.mlp = SwiGlu(params, generator)

    def forward(self, hidden: Tensor, rotary: tuple[Tensor, Tensor] | None, positions: slice = EVERYWHERE) -> Tensor:
        """(batch, length, hidden) -> the same for the wished positions alone."""
        mixed = self.self_attn(hidden, rotary, positions)
        hidden = rms_norm(hidden[:, positions] + mixed, self.epsilon)
        return rms_norm(hidden + self.mlp(hidden), self.epsilon)
