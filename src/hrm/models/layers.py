"""Building blocks of both modules: post-norm Transformer blocks with rotary positions and SwiGLU.

Each layer takes its weights in the dtype of its input. In training they already have it: the optimizer keeps float32
master weights (hrm.training.optimizers).
"""

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx
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


class SplitProduct(torch.autograd.Function):
    """`values @ weight.T` cut into equal parts of its last dimension.

    Forward is one product. Backward takes the gradients of the parts as they are: the ordinary one first writes them
    side by side into one tensor, which costs more than the larger product wins (LOG.md).
    """

    @staticmethod
    def forward(ctx: FunctionCtx, values: Tensor, weight: Tensor, parts: int) -> tuple[Tensor, ...]:
        """(..., in), (out, in) -> `parts` tensors (..., out / parts)."""
        ctx.save_for_backward(values, weight)
        return functional.linear(values, weight).chunk(parts, dim=-1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        """Gradients of the parts -> those of values and weight."""
        values, weight = ctx.saved_tensors
        rows = values.flatten(0, -2)
        slices = weight.chunk(len(gradients))
        parts = [gradient.flatten(0, -2) for gradient in gradients]
        to_values = parts[0] @ slices[0]
        for part, piece in zip(parts[1:], slices[1:], strict=True):
            to_values = torch.addmm(to_values, part, piece)
        return to_values.view_as(values), torch.cat([part.t() @ rows for part in parts]), None


class SplitLinear(Linear):
    """A linear map whose result is wanted in equal parts, each with its own use."""

    def __init__(self, inputs: int, outputs: int, parts: int, generator: torch.Generator) -> None:
        super().__init__(inputs, parts * outputs, generator)
        self.parts = parts

    def forward(self, values: Tensor) -> tuple[Tensor, ...]:  # type: ignore[override]
        """(..., in) -> parts of (..., out)."""
        result: tuple[Tensor, ...] = SplitProduct.apply(values, self.weight.to(values.dtype), self.parts)
        return result


class Attention(nn.Module):
    """Multi-head attention over all cells (no mask); one matrix makes q, then k, then v."""

    def __init__(self, params: ModelParams, generator: torch.Generator) -> None:
        super().__init__()
        self.heads = params.heads
        self.qkv_proj = SplitLinear(params.hidden_size, params.hidden_size, 3, generator)
        self.o_proj = Linear(params.hidden_size, params.hidden_size, generator)

    def forward(self, hidden: Tensor, rotary: tuple[Tensor, Tensor] | None, positions: slice) -> Tensor:
        """(batch, length, hidden) -> the same for the wished positions alone; all positions are attended to."""
        batch, length, width = hidden.shape
        # three of (batch, heads, length, head_size)
        query, key, value = (part.view(batch, length, self.heads, -1).transpose(1, 2) for part in self.qkv_proj(hidden))
        if rotary is not None:
            query, key = rotate(query, *rotary), rotate(key, *rotary)
        mixed = functional.scaled_dot_product_attention(query[:, :, positions], key, value)
        return self.o_proj(mixed.transpose(1, 2).reshape(batch, -1, width))


def mlp_width(params: ModelParams, size: int) -> int:
    """Width of a SwiGLU on vectors of `size`, rounded up to a multiple (the published code rounds to 256)."""
    wished = round(params.expansion * size * 2 / 3)
    return -(-wished // params.mlp_multiple) * params.mlp_multiple


class SwiGlu(nn.Module):
    """Gated feed-forward layer; one matrix makes the gate, then the values."""

    def __init__(self, size: int, width: int, generator: torch.Generator) -> None:
        super().__init__()
        self.gate_up_proj = SplitLinear(size, width, 2, generator)
        self.down_proj = Linear(width, size, generator)

    def forward(self, hidden: Tensor) -> Tensor:
        """(..., size) -> the same shape."""
        gate, values = self.gate_up_proj(hidden)
        return self.down_proj(functional.silu(gate) * values)


class PositionMixer(nn.Module):
    """A SwiGLU over the positions in place of attention (TRM without attention): it needs a fixed, small length."""

    def __init__(self, params: ModelParams, length: int, generator: torch.Generator) -> None:
        super().__init__()
        self.mlp = SwiGlu(length, mlp_width(params, length), generator)

    def forward(self, hidden: Tensor, rotary: tuple[Tensor, Tensor] | None, positions: slice) -> Tensor:
        """(batch, length, hidden) -> the same for the wished positions alone; positions need no rotary code here."""
        return self.mlp(hidden.transpose(1, 2)).transpose(1, 2)[:, positions]


class Block(nn.Module):
    """Attention (or a mixer of positions), then SwiGLU, each followed by the norm of the residual sum (post-norm)."""

    def __init__(self, params: ModelParams, length: int, generator: torch.Generator) -> None:
        super().__init__()
        self.epsilon = params.norm_epsilon
        attends = params.mixing == "attention"
        self.self_attn = Attention(params, generator) if attends else PositionMixer(params, length, generator)
        self.mlp = SwiGlu(params.hidden_size, mlp_width(params, params.hidden_size), generator)

    def forward(self, hidden: Tensor, rotary: tuple[Tensor, Tensor] | None, positions: slice = EVERYWHERE) -> Tensor:
        """(batch, length, hidden) -> the same for the wished positions alone."""
        mixed = self.self_attn(hidden, rotary, positions)
        hidden = rms_norm(hidden[:, positions] + mixed, self.epsilon)
        return rms_norm(hidden + self.mlp(hidden), self.epsilon)
