"""The controller of one block of the pointer-over-heads model: two recurrent cells at two rates choose among heads.

    x = W mean of the hidden vectors
    z_H <- LN(f_H(x, z_H))                  at refinements 0, T, 2 T, ...
    z_L <- LN(f_L([x, z_H], z_L))           at every refinement
    routes = softmax(router(z_L + G z_H) / temperature)

With `high_gate` f_H is called every time and a learned share of its update is taken: a dynamic period.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from hrm.core.schema import ModelParams
from hrm.models.initial import Init
from hrm.models.plain_layers import Affine, GruCell, LayerNorm


class ControllerState(NamedTuple):
    """Both (batch, controller size)."""

    high: Tensor
    low: Tensor

    def detach(self) -> "ControllerState":
        """The same without a gradient."""
        return ControllerState(self.high.detach(), self.low.detach())


def controller_size(params: ModelParams) -> int:
    """Size of a controller's states."""
    return max(1, round(params.pointer.controller_share * params.hidden_size))


class HeadController(nn.Module):
    """Chooses how much each head of a block counts, for a whole example at a time."""

    def __init__(self, params: ModelParams, init: Init) -> None:
        super().__init__()
        self.pointer = params.pointer
        size = controller_size(params)
        self.project = Affine(params.hidden_size, size, init)
        self.high_cell = GruCell(size, size, init)  # f_H
        self.low_cell = GruCell(2 * size, size, init)  # f_L
        self.high_norm = LayerNorm(size, params.norm_epsilon)
        self.low_norm = LayerNorm(size, params.norm_epsilon)
        self.modulate = Affine(size, size, init, bias=False)
        self.router = Affine(size, params.heads, init)
        self.high_gate = Affine(2 * size, 1, init) if params.pointer.high_gate else None

    def forward(
        self, hidden: Tensor, state: ControllerState, refinement: int, temperature: Tensor
    ) -> tuple[Tensor, ControllerState]:
        """One refinement: routes (batch, heads), float32 with sum 1, and the next state.

        Args:
            hidden: (batch, length, hidden) what the block attends to.
            state: of the refinement before.
            refinement: its number, from 0.
            temperature: scalar, of the softmax.
        """
        seen = self.project(hidden.mean(dim=1))
        high = state.high
        if self.high_gate is not None:
            share = torch.sigmoid(self.high_gate(torch.cat((seen, state.low), dim=-1)))
            high = torch.lerp(high, self.high_norm(self.high_cell(seen, high)), share)
        elif refinement % self.pointer.period == 0:
            high = self.high_norm(self.high_cell(seen, high))
        low = self.low_norm(self.low_cell(torch.cat((seen, high), dim=-1), state.low))
        scores = self.router(low + self.modulate(high))
        wide = scores if scores.dtype == torch.float64 else scores.float()
        return torch.softmax(wide / temperature, dim=-1), ControllerState(high, low)


def hard_routes(routes: Tensor) -> Tensor:
    """The likeliest head alone, with the gradient of the soft routes: (..., heads) -> the same shape."""
    chosen = nn.functional.one_hot(routes.argmax(dim=-1), routes.shape[-1]).to(routes.dtype)
    return chosen + routes - routes.detach()


def route_entropy(routes: Tensor) -> Tensor:
    """Entropy in nats of routes (..., heads) -> (...)."""
    return -(routes * routes.clamp_min(1e-12).log()).sum(dim=-1)


def controller_updates(refinements: int, period: int, steps: int) -> tuple[int, int]:
    """How often f_L and f_H of a block are called in `steps` training steps of one segment each, without a gate."""
    return steps * refinements, steps * -(-refinements // period)
