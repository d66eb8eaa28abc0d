"""Input embedding: one vector a token, and the puzzle's own vectors in front of the grid."""

import math

import torch
from torch import Tensor, nn

from hrm.core.schema import ModelParams
from hrm.models.initial import Init


class InputEmbedding(nn.Module):
    """Tokens (batch, cells) and puzzle ids (batch,) -> (batch, puzzle length + cells, hidden).

    The puzzle's embedding fills the positions in front from their first number on, the rest of them is 0.
    The puzzle table is a buffer: its rows are trained by SignSGD on sparse gradients, outside the main optimizer
    (section 3 of the paper names it, its released code fixes it). It starts at zero.
    """

    def __init__(self, params: ModelParams, vocabulary_size: int, cells: int, puzzle_ids: int, init: Init) -> None:
        super().__init__()
        self.hidden_size = params.hidden_size
        self.puzzle_length = params.puzzle_length
        self.length = self.puzzle_length + cells
        std = params.hidden_size**-0.5
        self.tokens = nn.Parameter(init.vectors((vocabulary_size, params.hidden_size), std))
        self.puzzle_table: Tensor
        self.register_buffer("puzzle_table", torch.zeros(puzzle_ids, params.puzzle_embedding_size))
        self.positions: nn.Parameter | None = None
        if params.positions in ("learned", "both"):
            self.positions = nn.Parameter(init.vectors((self.length, params.hidden_size), std))

    def forward(self, inputs: Tensor, puzzle_rows: Tensor, dtype: torch.dtype) -> Tensor:
        """`puzzle_rows` (batch, puzzle embedding size) are the rows of the table for this batch."""
        # A product with one-hot rows gives the same vectors as indexing, but its gradient is a product too: on an H200
        # the scattered sum that indexing needs took 6 ms of a 57 ms step, as all tokens share a few rows.
        hot = (inputs.unsqueeze(-1) == torch.arange(len(self.tokens), device=inputs.device)).to(dtype)
        embedded = hot @ self.tokens.to(dtype)
        if self.puzzle_length:
            room = self.puzzle_length * self.hidden_size - puzzle_rows.shape[1]
            rows = nn.functional.pad(puzzle_rows.to(dtype), (0, room))
            embedded = torch.cat((rows.view(len(inputs), self.puzzle_length, self.hidden_size), embedded), dim=1)
        if self.positions is not None:
            # The mean of two unit-variance terms, times sqrt(2), keeps the variance.
            embedded = math.sqrt(0.5) * (embedded + self.positions.to(dtype))
        return math.sqrt(self.hidden_size) * embedded
