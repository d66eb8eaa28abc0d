"""ARC symmetries on whole batches, on any device: the grid turns within its canvas, and moves there in training.

A turn acts on the grid, not on the canvas: the turned grid lies at the top left again, with its end marks. Cell (i, j)
of the new grid comes from a cell of the old one whose row depends on i alone and whose column on j alone, or the other
way round, so that the source of a cell is the sum of a number a row and a number a column.
"""

import functools

import numpy as np
import torch
from torch import Tensor

from hrm.data.arc.encoding import END, FIRST_COLOUR, PAD
from hrm.data.arc.group import colour_tables
from hrm.data.turns import COLUMNS_BACKWARDS, ROWS_BACKWARDS, TRANSPOSED, TURNS


class ArcSymmetries:
    """The group of hrm.data.arc.group on canvases of side x side cells."""

    def __init__(self, side: int) -> None:
        self.side = side
        # Made here, so that a compiled step finds them ready.
        self._tables: dict[torch.device, tuple[Tensor, Tensor]] = {torch.device("cpu"): _tables()}

    def apply_tokens(self, codes: Tensor, tokens: Tensor) -> Tensor:
        """Stored tokens (batch, side * side), grids at the top left, under `codes` (batch,).

        Only gathers and arithmetic: nothing waits for the device, and torch.compile takes it as one graph.
        """
        turns, colours = self._on(tokens.device)
        transposed, rows_backwards, columns_backwards = turns[codes % TURNS].unbind(1)  # each (batch,)
        heights, widths = self._sizes(tokens)
        new_heights = torch.where(transposed > 0, widths, heights)
        new_widths = torch.where(transposed > 0, heights, widths)
        # A transposed grid swaps which of the two numbers counts whole rows.
        row_stride = self.side - (self.side - 1) * transposed
        row_source, row_place = self._line(new_heights, rows_backwards, row_stride)
        column_source, column_place = self._line(new_widths, columns_backwards, self.side + 1 - row_stride)
        source = row_source.unsqueeze(2) + column_source.unsqueeze(1)  # (batch, side, side)
        moved = tokens.gather(1, source.flatten(1))
        renamed = colours[codes // TURNS].gather(1, moved.long()).view(source.shape)
        # 2 x 2: inside the grid; 2 x 1: an end mark; the corner and all beyond is pad.
        places = row_place.unsqueeze(2) * column_place.unsqueeze(1)
        ends = (places == 2).to(torch.uint8) * END
        return (renamed * (places == 4) + ends).flatten(1).to(tokens.dtype)

    def translate(self, inputs: Tensor, labels: Tensor, draws: Tensor) -> tuple[Tensor, Tensor]:
        """Both canvases (batch, side * side) of each pair moved by the same offset, down and right.

        `draws` (batch, 2) in [0, 1) choose it uniformly from the room that both grids leave. End marks that reach the
        border fall off the canvas.
        """
        sizes = torch.maximum(torch.stack(self._sizes(inputs), 1), torch.stack(self._sizes(labels), 1))
        room = (self.side - sizes).clamp(min=0)  # (batch, 2)
        offsets = torch.minimum((draws * (room + 1)).long(), room)
        lines = torch.arange(self.side, device=inputs.device) - offsets.unsqueeze(2)  # (batch, 2, side)
        origin = lines.clamp(min=0)
        source = (origin[:, 0].unsqueeze(2) * self.side + origin[:, 1].unsqueeze(1)).flatten(1)
        there = (lines >= 0).to(inputs.dtype)
        kept = (there[:, 0].unsqueeze(2) * there[:, 1].unsqueeze(1)).flatten(1)
        return inputs.gather(1, source) * kept, labels.gather(1, source) * kept

    def _sizes(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Heights and widths (batch,) of grids at the top left."""
        heights = (tokens[:, :: self.side] >= FIRST_COLOUR).sum(1)
        return heights, (tokens[:, : self.side] >= FIRST_COLOUR).sum(1)

    def _line(self, lengths: Tensor, backwards: Tensor, stride: Tensor) -> tuple[Tensor, Tensor]:
        """Where the rows (or columns) of grids with `lengths` (batch,) come from, and what they are.

        (batch, side) long, zero outside the grid; and (batch, side) uint8: 2 inside, 1 where end marks lie, 0 beyond.
        """
        lines = torch.arange(self.side, device=lengths.device)
        length = lengths.unsqueeze(1)
        inside = lines < length
        counted = torch.where(backwards.unsqueeze(1) > 0, length - 1 - lines, lines)
        return counted * stride.unsqueeze(1) * inside, inside.to(torch.uint8) + (lines <= length).to(torch.uint8)

    def _on(self, device: torch.device) -> tuple[Tensor, Tensor]:
        if device not in self._tables:
            turns, colours = _tables()
            self._tables[device] = turns.to(device), colours.to(device)
        return self._tables[device]


@functools.cache
def _tables() -> tuple[Tensor, Tensor]:
    """What turns do (8, 3), and the new token of each token under each permutation of colours (9!, 12)."""
    turns = torch.tensor([TRANSPOSED, ROWS_BACKWARDS, COLUMNS_BACKWARDS]).T.contiguous()
    names = colour_tables()
    fixed = np.broadcast_to(np.array([PAD, END], dtype=np.uint8), (len(names), 2))
    return turns, torch.from_numpy(np.concatenate([fixed, names + np.uint8(FIRST_COLOUR)], axis=1))
