"""A stack of blocks that is called again and again."""

import torch
from torch import Tensor, nn

from hrm.core.schema import ModelParams
from hrm.models.initial import Init
from hrm.models.layers import EVERYWHERE, Block


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
