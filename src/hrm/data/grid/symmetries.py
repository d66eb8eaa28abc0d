"""The eight symmetries of the square, applied to batches of grids on any device."""

import torch
from torch import Tensor

from hrm.data.turns import sources


class SquareSymmetries:
    """Symmetries of grids with `size` rows and columns; their codes are those of hrm.data.turns."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._sources: dict[torch.device, Tensor] = {}

    def apply_tokens(self, codes: Tensor, tokens: Tensor) -> Tensor:
        """Tokens (batch, cells) under `codes` (batch,); one gather, nothing waits for the device."""
        if tokens.device not in self._sources:
            self._sources[tokens.device] = torch.from_numpy(sources(self.size)).to(tokens.device)
        return tokens.gather(1, self._sources[tokens.device][codes.long()])
