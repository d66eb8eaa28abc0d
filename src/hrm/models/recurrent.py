"""A stack of blocks that is called again and again."""

import torch
from torch import Tensor, nn

from hrm.core.schema import ModelParams
from hrm.models.layers import EVERYWHERE, Block


class RecurrentModule(nn.Module):
    """Updates a state from itself and what is injected into it."""

    def __init__(self, params: ModelParams, layers: int, length: int, generator: torch.Generator) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Block(params, length, generator) for _ in range(layers))

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
        return self.layers[-1](hidden, rotary, positions)
