"""Grids as tokens on a square canvas, and back: pad 0, end mark 1, colour + 2, as the published builder does."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hrm.data.arc.group import Grid

PAD, END, FIRST_COLOUR = 0, 1, 2
VOCABULARY = 12


def encode(grid: Grid, side: int, down: int = 0, right: int = 0) -> NDArray[np.uint8]:
    """Tokens (side * side,) of a grid whose top left cell lies at row `down` and column `right`.

    End marks lie in the row below it, as wide as it is, and in the column right of it, as high as it is, where the
    canvas goes that far.
    """
    bottom, edge = down + grid.shape[0], right + grid.shape[1]
    canvas = np.full((side, side), PAD, dtype=np.uint8)
    canvas[down:bottom, right:edge] = grid + FIRST_COLOUR
    # Slices end where the canvas does.
    canvas[bottom : bottom + 1, right:edge] = END
    canvas[down:bottom, edge : edge + 1] = END
    return canvas.ravel()


def decode(tokens: NDArray[Any]) -> Grid:
    """The grid of a canvas (cells,) of tokens: the largest rectangle at the top left that holds colours alone.

    Of two equally large ones, that with fewer rows; (0, 0) where the first cell is no colour. Canvases that a model
    predicts need not be well-formed.
    """
    side = round(len(tokens) ** 0.5)
    canvas = tokens.reshape(side, side)
    coloured = (canvas >= FIRST_COLOUR) & (canvas < VOCABULARY)
    widths = np.logical_and.accumulate(coloured, axis=1).sum(axis=1)  # of the run of colours that each row begins with
    widths = np.minimum.accumulate(widths)
    height = int(np.argmax(widths * np.arange(1, side + 1))) + 1
    width = int(widths[height - 1])
    return (canvas[: height if width else 0, :width] - FIRST_COLOUR).astype(np.uint8)
