"""Building blocks of both modules: post-norm blocks of attention with rotary positions, or a mixer, and of SwiGLU.

Each layer takes its weights in the dtype of its input. In training they already have it: the optimizer keeps float32
master weights (hrm.training.optimizers).
"""

from typing import Any, TypeAlias

import torch
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx
from torch.nn import functional

from hrm.core.schema import ModelParams
from hrm.models import fp8
from hrm.models.architecture import mlp_width
from hrm.models.initial import Init

EVERYWHERE = slice(None)
Rotary: TypeAlias = tuple[Tensor, Tensor] | None  # cosine and sine of the positions (`rotary_table`)


def rms_norm(values: Tensor, epsilon: float, scale: Tensor | None = None, dim: int = -1) -> Tensor:
    """Root-mean-square norm over one dimension, in float32 or wider; `scale` is learned where there is one."""
    wide = _wide(values)
    normed = wide * torch.rsqrt(wide.square().mean(dim=dim, keepdim=True) + epsilon)
    return (normed if scale is None else normed * scale).to(values.dtype)


def _wide(values: Tensor) -> Tensor:
    """In float32, or as it is where it is wider."""
    return values.to(torch.promote_types(values.dtype, torch.float32))


def rotary_table(length: int, head_size: int, base: float) -> tuple[Tensor, Tensor]:
    """Cosine and sine of every position: two float32 tensors (length, head_size), the two halves alike."""
    frequencies = base ** (-torch.arange(0, head_size, 2, dtype=torch.float32) / head_size)
    angles = torch.outer(torch.arange(length, dtype=torch.float32), frequencies).repeat(1, 2)
    return angles.cos(), angles.sin()


def rotate(values: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Rotary position embedding on halves (not interleaved); `values` (batch, heads, length, head_size)."""
    wide = _wide(values)
    first, second = wide.chunk(2, dim=-1)
    return (wide * cosine + torch.cat((-second, first), dim=-1) * sine).to(values.dtype)


class Linear(nn.Module):
    """A linear map with float32 weights (out, in), cast to the input's dtype."""

    def __init__(self, inputs: int, outputs: int, init: Init) -> None:
        super().__init__()
        self.weight = nn.Parameter(init.linear(outputs, inputs))
        # For calls without a gradient, where training asks for it (hrm.models.fp8).
        self.weight_fp8: Tensor | None
        self.scales_fp8: Tensor | None
        self.register_buffer("weight_fp8", None, persistent=False)
        self.register_buffer("scales_fp8", None, persistent=False)

    def forward(self, values: Tensor) -> Tensor:
        """(..., in) -> (..., out)."""
        found = self.no_grad_matmul(values)
        return functional.linear(values, self.weight.to(values.dtype)) if found is None else found

    def no_grad_matmul(self, values: Tensor) -> Tensor | None:
        """The matmul in FP8, where it may be used."""
        if torch.is_grad_enabled() or self.weight_fp8 is None or self.scales_fp8 is None:
            return None
        return fp8.matmul(values, self.weight_fp8, self.scales_fp8)


class SplitMatmul(torch.autograd.Function):
    """`values @ weight.T` cut into equal parts of its last dimension.

    Forward is one product. Backward takes the gradients of the parts as they are: the ordinary one first writes them
    side by side into one tensor, which costs more than the larger product wins (docs/log.md).
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
    """A linear map whose result is wanted in equal parts, each with its own use.

    A processor multiplies for each part by itself: the larger product wins less than what follows loses by reading
    parts that do not lie whole in memory (a tenth of a block of the smoke networks).
    """

    def __init__(self, inputs: int, outputs: int, parts: int, init: Init) -> None:
        super().__init__(inputs, parts * outputs, init)
        self.parts = parts

    def forward(self, values: Tensor) -> tuple[Tensor, ...]:  # type: ignore[override]
        """(..., in) -> parts of (..., out)."""
        found = self.no_grad_matmul(values)
        if found is not None:
            return found.chunk(self.parts, dim=-1)
        weight = self.weight.to(values.dtype)
        if values.device.type == "cpu":
            return tuple(functional.linear(values, piece) for piece in weight.chunk(self.parts))
        result: tuple[Tensor, ...] = SplitMatmul.apply(values, weight, self.parts)
        return result


class Attention(nn.Module):
    """Multi-head attention over all cells (no mask); one matrix makes q, then k, then v."""

    def __init__(self, params: ModelParams, init: Init) -> None:
        super().__init__()
        self.heads, self.dropout = params.heads, params.dropout
        self.qkv_proj = SplitLinear(params.hidden_size, params.hidden_size, 3, init)
        self.o_proj = Linear(params.hidden_size, params.hidden_size, init)

    def forward(self, hidden: Tensor, rotary: Rotary, positions: slice) -> Tensor:
        """(batch, length, hidden) -> the same at `positions` alone; all positions are attended to."""
        batch, length, width = hidden.shape
        # three of (batch, heads, length, head_size)
        query, key, value = (part.view(batch, length, self.heads, -1).transpose(1, 2) for part in self.qkv_proj(hidden))
        if rotary is not None:
            query, key = rotate(query, *rotary), rotate(key, *rotary)
        dropped = self.dropout if self.training else 0.0
        mixed = functional.scaled_dot_product_attention(query[:, :, positions], key, value, dropout_p=dropped)
        return self.o_proj(mixed.transpose(1, 2).reshape(batch, -1, width))


class SwiGlu(nn.Module):
    """Gated feed-forward layer; one matrix makes the gate, then the values."""

    def __init__(self, size: int, width: int, init: Init) -> None:
        super().__init__()
        self.gate_up_proj = SplitLinear(size, width, 2, init)
        self.down_proj = Linear(width, size, init)

    def forward(self, hidden: Tensor) -> Tensor:
        """(..., size) -> the same shape."""
        gate, values = self.gate_up_proj(hidden)
        return self.down_proj(functional.silu(gate) * values)


class PositionMixer(nn.Module):
    """A SwiGLU over the positions in place of attention (TRM without attention): it needs a fixed, small length.

    The released code turns the states so that positions come last, multiplies, and turns them back. Here the weights
    multiply from the left, and the states stay as they are.
    """

    def __init__(self, params: ModelParams, length: int, init: Init) -> None:
        super().__init__()
        self.mlp = SwiGlu(length, mlp_width(params, length), init)

    def forward(self, hidden: Tensor) -> Tensor:
        """(batch, length, hidden) -> the same shape."""
        gate, values = _from_the_left(self.mlp.gate_up_proj.weight, hidden).chunk(2, dim=1)
        return _from_the_left(self.mlp.down_proj.weight, functional.silu(gate) * values)


def _from_the_left(weight: Tensor, values: Tensor) -> Tensor:
    """(out, in) times (batch, in, hidden) -> (batch, out, hidden)."""
    # A plain matmul would copy the values into the turned layout for the sake of the weight's gradient.
    return torch.bmm(weight.to(values.dtype).expand(len(values), -1, -1), values)


class Layer(nn.Module):
    """Base of what counts as a layer of a network: `hrm.models.trace.trace_layers` follows the hidden vectors."""


class Block(Layer):
    """Attention (or a mixer of positions), then SwiGLU, each followed by the norm of the residual sum (post-norm).

    As in the released code of TRM the norm after a mixer is over the positions, at each place of the hidden vector; all
    others are over the hidden vector.
    """

    def __init__(self, params: ModelParams, length: int, init: Init) -> None:
        super().__init__()
        self.epsilon, self.dropout = params.norm_epsilon, params.dropout
        self.attends = params.mixing == "attention"
        self.self_attn = Attention(params, init) if self.attends else PositionMixer(params, length, init)
        self.mlp = SwiGlu(params.hidden_size, mlp_width(params, params.hidden_size), init)
        size = params.hidden_size
        shapes = ((size,) if self.attends else (length, 1), (size,))
        self.norm_scales = nn.ParameterList(torch.ones(shape) for shape in shapes if params.norm_scale)

    def forward(self, hidden: Tensor, rotary: Rotary, positions: slice = EVERYWHERE) -> Tensor:
        """(batch, length, hidden) -> the same at `positions` alone."""
        first, second = self.norm_scales if self.norm_scales else (None, None)
        if self.attends:
            mixed = drop(self.self_attn(hidden, rotary, positions), self.dropout, self.training)
            hidden = rms_norm(hidden[:, positions] + mixed, self.epsilon, first)
        else:  # the norm reads all positions
            mixed = drop(self.self_attn(hidden), self.dropout, self.training)
            hidden = rms_norm(hidden + mixed, self.epsilon, first, dim=1)[:, positions]
        return rms_norm(hidden + drop(self.mlp(hidden), self.dropout, self.training), self.epsilon, second)


def drop(values: Tensor, share: float, training: bool) -> Tensor:
    """Dropout in training; nothing at all where the share is 0."""
    return functional.dropout(values, share, training) if share else values


class RecurrentModule(nn.Module):
    """Updates a state from itself and what is injected into it."""

    def __init__(self, params: ModelParams, layers: int, length: int, init: Init) -> None:
        super().__init__()
        self.noise = params.state_noise
        self.kept = params.hidden_size - round(params.state_sparsity * params.hidden_size)  # entries of a state
        self.layers = nn.ModuleList(Block(params, length, init) for _ in range(layers))

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
        return self._disturb(self.layers[-1](hidden, rotary, positions))

    def _disturb(self, hidden: Tensor) -> Tensor:
        """Noise in training, and zeros in place of the smallest entries (k winners take all)."""
        if self.noise and self.training:
            hidden = hidden + self.noise * torch.randn_like(hidden)
        if self.kept < hidden.shape[-1]:
            sizes = hidden.abs()
            hidden = hidden * (sizes >= sizes.topk(self.kept, dim=-1).values[..., -1:])
        return hidden
