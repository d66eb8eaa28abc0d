"""The published training step, rewritten plainly: what `hrm bench train` holds our step against.

Written from the paper (arXiv 2506.21734, section 2) and the layout of its checkpoints, whose names it keeps; it shares
parameters with the rest of the package and no code. Float32 weights are cast at every use, q, k and v come from one
product, embeddings are looked up, each tensor has its own optimizer state, and one compiled function holds the
segment, the extra forward pass and the loss. No averaged weights, no recording, no flat buffers.
"""

import math
from typing import NamedTuple, TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from hrm.core.schema import ModelParams, RunParams

DTYPES = {"bfloat16": torch.bfloat16, "float32": torch.float32}
States: TypeAlias = tuple[Tensor, Tensor]  # high and low, each (batch, length, hidden)


class CastLinear(nn.Linear):
    """A product whose float32 weights take the dtype of the input."""

    def forward(self, values: Tensor) -> Tensor:
        """(..., in) -> (..., out)."""
        bias = None if self.bias is None else self.bias.to(values.dtype)
        return functional.linear(values, self.weight.to(values.dtype), bias)


def norm(values: Tensor, epsilon: float) -> Tensor:
    """RMS norm without a scale, in float32."""
    wide = values.float()
    return (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + epsilon)).to(values.dtype)


def turn(values: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Rotary positions on halves; (batch, length, heads, size) with tables (length, 1, size)."""
    half = values.shape[-1] // 2
    turned = torch.cat((-values[..., half:], values[..., :half]), dim=-1)
    return (values * cosine + turned * sine).to(values.dtype)


class SelfAttention(nn.Module):
    """Attention of every position to every position."""

    def __init__(self, params: ModelParams) -> None:
        super().__init__()
        self.heads = params.heads
        self.qkv_proj = CastLinear(params.hidden_size, 3 * params.hidden_size, bias=False)
        self.o_proj = CastLinear(params.hidden_size, params.hidden_size, bias=False)

    def forward(self, hidden: Tensor, tables: tuple[Tensor, Tensor] | None) -> Tensor:
        """(batch, length, hidden) -> the same."""
        batch, length, width = hidden.shape
        query, key, value = self.qkv_proj(hidden).view(batch, length, 3 * self.heads, -1).chunk(3, dim=2)
        if tables is not None:
            query, key = turn(query, *tables), turn(key, *tables)
        mixed = functional.scaled_dot_product_attention(*(part.transpose(1, 2) for part in (query, key, value)))
        return self.o_proj(mixed.transpose(1, 2).reshape(batch, length, width))


class SwiGluLayer(nn.Module):
    """Gate and values from one product."""

    def __init__(self, params: ModelParams) -> None:
        super().__init__()
        width = -(-round(params.expansion * params.hidden_size * 2 / 3) // params.mlp_multiple) * params.mlp_multiple
        self.gate_up_proj = CastLinear(params.hidden_size, 2 * width, bias=False)
        self.down_proj = CastLinear(width, params.hidden_size, bias=False)

    def forward(self, hidden: Tensor) -> Tensor:
        """(..., hidden) -> the same."""
        gate, values = self.gate_up_proj(hidden).chunk(2, dim=-1)
        return self.down_proj(functional.silu(gate) * values)


class Layer(nn.Module):
    """Attention, then SwiGLU, each with its norm behind the sum."""

    def __init__(self, params: ModelParams) -> None:
        super().__init__()
        self.epsilon = params.norm_epsilon
        self.self_attn, self.mlp = SelfAttention(params), SwiGluLayer(params)

    def forward(self, hidden: Tensor, tables: tuple[Tensor, Tensor] | None) -> Tensor:
        """(batch, length, hidden) -> the same."""
        hidden = norm(hidden + self.self_attn(hidden, tables), self.epsilon)
        return norm(hidden + self.mlp(hidden), self.epsilon)


class Level(nn.Module):
    """One of the two recurrent modules."""

    def __init__(self, params: ModelParams, layers: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Layer(params) for _ in range(layers))

    def forward(self, state: Tensor, injected: Tensor, tables: tuple[Tensor, Tensor] | None) -> Tensor:
        """The next state, (batch, length, hidden)."""
        hidden = state + injected
        for layer in self.layers:
            hidden = layer(hidden, tables)
        return hidden


class Examples(NamedTuple):
    """Tokens (batch, cells), labels (batch, cells) with 0 where none counts, and puzzle ids (batch,)."""

    inputs: Tensor
    labels: Tensor
    puzzle_ids: Tensor


class PlainHrm(nn.Module):
    """Network, halting and loss of one segment, as one function to compile."""

    def __init__(self, params: RunParams, vocabulary: int, cells: int, puzzles: int, extra_forward: bool) -> None:
        super().__init__()
        model = params.model
        width, size = model.hidden_size, model.hidden_size // model.heads
        self.params, self.extra_forward, self.dtype = params, extra_forward, DTYPES[params.train.dtype]
        self.prefix = model.puzzle_length
        self.embed_tokens = nn.Embedding(vocabulary, width)
        nn.init.trunc_normal_(self.embed_tokens.weight, std=width**-0.5)
        self.embed_pos = nn.Embedding(self.prefix + cells, width) if model.positions == "learned" else None
        self.H_level, self.L_level = Level(model, model.high_layers), Level(model, model.low_layers)
        self.lm_head, self.q_head = CastLinear(width, vocabulary, bias=False), CastLinear(width, 2)
        nn.init.zeros_(self.q_head.weight)
        nn.init.constant_(self.q_head.bias, -5.0)
        for name in ("H_init", "L_init"):
            self.register_buffer(name, nn.init.trunc_normal_(torch.empty(width)))
        self.register_buffer("puzzle_emb", torch.zeros(puzzles, model.puzzle_embedding_size))
        powers = torch.arange(0, size, 2).float() / size
        angles = torch.outer(torch.arange(self.prefix + cells).float(), model.rope_base**-powers)
        angles = torch.cat((angles, angles), dim=-1).unsqueeze(1)
        self.register_buffer("cosine", angles.cos(), persistent=False)
        self.register_buffer("sine", angles.sin(), persistent=False)

    def embed(self, inputs: Tensor, puzzle_rows: Tensor) -> Tensor:
        """(batch, cells) and (batch, size) -> (batch, prefix + cells, hidden)."""
        width = self.params.model.hidden_size
        hidden = functional.embedding(inputs, self.embed_tokens.weight.to(self.dtype))
        if self.prefix:
            rows = functional.pad(puzzle_rows.to(self.dtype), (0, self.prefix * width - puzzle_rows.shape[1]))
            hidden = torch.cat((rows.view(-1, self.prefix, width), hidden), dim=1)
        if self.embed_pos is not None:
            hidden = math.sqrt(0.5) * (hidden + self.embed_pos.weight.to(self.dtype))
        return math.sqrt(width) * hidden

    def segment(self, states: States, inputs: Tensor, puzzle_rows: Tensor) -> tuple[States, Tensor, Tensor]:
        """One segment with the one-step gradient: next states, logits, and Q values (batch, 2)."""
        model = self.params.model
        embedded = self.embed(inputs, puzzle_rows)
        tables = (self.get_buffer("cosine"), self.get_buffer("sine")) if model.positions == "rope" else None
        high, low = states
        with torch.no_grad():
            for high_step in range(model.high_cycles):
                for low_step in range(model.low_cycles):
                    if (high_step, low_step) != (model.high_cycles - 1, model.low_cycles - 1):
                        low = self.L_level(low, high + embedded, tables)
                if high_step != model.high_cycles - 1:
                    high = self.H_level(high, low, tables)
        low = self.L_level(low, high + embedded, tables)
        high = self.H_level(high, low, tables)
        return (high.detach(), low.detach()), self.lm_head(high[:, self.prefix :]), self.q_head(high[:, 0]).float()

    def forward(
        self, states: States, steps: Tensor, halted: Tensor, batch: Examples, puzzle_rows: Tensor
    ) -> tuple[Tensor, States, Tensor]:
        """Loss (scalar), next states, and which examples are finished (batch,) bool."""
        starts = (self.get_buffer("H_init").to(self.dtype), self.get_buffer("L_init").to(self.dtype))
        high, low = (torch.where(halted.view(-1, 1, 1), *pair) for pair in zip(starts, states, strict=True))
        states, logits, q = self.segment((high, low), batch.inputs, puzzle_rows)
        counted = batch.labels != 0
        wide = logits.double()
        mass = torch.where(wide < 0, 1 / (1 - wide + 1e-30), wide + 1)
        chances = torch.log(mass / mass.sum(-1, keepdim=True))
        losses = -chances.gather(-1, batch.labels.unsqueeze(-1)).squeeze(-1)
        loss = (torch.where(counted, losses, 0).sum(1) / counted.sum(1).clamp_min(1)).mean()
        halting = self.params.halting
        with torch.no_grad():
            exact = ((logits.argmax(-1) == batch.labels) | ~counted).all(1).float()
            last = steps >= halting.max_segments
            wish = q[:, 0] > (q[:, 1] if self.extra_forward else 0)
            explore = torch.rand_like(q[:, 0]) < halting.exploration
            least = torch.randint_like(steps, 2, halting.max_segments + 1) * explore
            finished = last | (wish & (steps >= least))
        q_loss = functional.binary_cross_entropy_with_logits(q[:, 0], exact)
        if self.extra_forward:
            with torch.no_grad():
                ahead = self.segment(states, batch.inputs, puzzle_rows)[2]
                target = torch.sigmoid(torch.where(last, ahead[:, 0], ahead.amax(1)))
            q_loss = q_loss + functional.binary_cross_entropy_with_logits(q[:, 1], target)
        return loss + halting.loss_weight * q_loss, states, finished


class PlainTrainer:
    """Weights, optimizer state and carry; one call of `step` is one segment and one update."""

    def __init__(
        self, params: RunParams, shape: tuple[int, int, int], extra_forward: bool, device: torch.device, compiled: bool
    ) -> None:
        self.params = params
        self.model = PlainHrm(params, *shape, extra_forward).to(device)
        self.forward = torch.compile(self.model, dynamic=False) if compiled else self.model
        self.weights: list[Tensor] = list(self.model.parameters())
        self.first, self.second = ([torch.zeros_like(weight) for weight in self.weights] for _ in range(2))
        size, width = (params.train.batch_size, self.model.prefix + shape[1]), params.model.hidden_size
        self.states = tuple(torch.zeros(*size, width, dtype=self.model.dtype, device=device) for _ in range(2))
        self.halted = torch.ones(size[0], dtype=torch.bool, device=device)
        self.steps = torch.zeros(size[0], dtype=torch.int32, device=device)
        self.batch: Examples | None = None
        self.updates = 0

    def step(self, fresh: Examples, rate: float, puzzle_rate: float) -> Tensor:
        """Finished examples make room for those of `fresh`; returns the loss, a scalar on the device."""
        stays = ~self.halted.view(-1, 1)
        old = self.batch or fresh
        ids = torch.where(self.halted, fresh.puzzle_ids, old.puzzle_ids)
        inputs = torch.where(stays, old.inputs, fresh.inputs)
        self.batch = Examples(inputs, torch.where(stays, old.labels, fresh.labels), ids)
        self.steps = torch.where(self.halted, 0, self.steps) + 1
        table = self.model.get_buffer("puzzle_emb")
        rows = table[ids].requires_grad_()
        loss, self.states, self.halted = self.forward(self.states, self.steps, self.halted, self.batch, rows)
        loss.backward()
        self._adam_atan2(rate)
        if rows.grad is not None:
            used, places = torch.unique(ids, return_inverse=True)
            summed = torch.zeros(len(used), rows.shape[1], device=rows.device).index_add_(0, places, rows.grad)
            keep = 1 - puzzle_rate * self.params.optimizer.puzzle_weight_decay
            table[used] = keep * table[used] - puzzle_rate * summed.sign()
        return loss.detach()

    @torch.no_grad()
    def _adam_atan2(self, rate: float) -> None:
        given = self.params.optimizer
        self.updates += 1
        gradients = [torch.zeros_like(w) if w.grad is None else w.grad for w in self.weights]
        torch._foreach_mul_(self.weights, 1 - rate * given.weight_decay)
        torch._foreach_lerp_(self.first, gradients, 1 - given.beta1)
        torch._foreach_mul_(self.second, given.beta2)
        torch._foreach_addcmul_(self.second, gradients, gradients, 1 - given.beta2)
        scales = torch._foreach_sqrt(self.second)
        torch._foreach_div_(scales, math.sqrt(1 - given.beta2**self.updates))
        angles = [torch.atan2(first, scale) for first, scale in zip(self.first, scales, strict=True)]
        torch._foreach_add_(self.weights, angles, alpha=-rate / (1 - given.beta1**self.updates))
        for weight in self.weights:
            weight.grad = None
