"""What a code of the plan does to the examples of a data set: one function a family of tasks."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from torch import Tensor

from hrm.core.errors import DataError
from hrm.data.dataset import DatasetInfo
from hrm.data.grid.symmetries import SquareSymmetries
from hrm.data.sudoku.symmetries import SudokuSymmetries


class Examples(NamedTuple):
    """Tokens on the device."""

    inputs: Tensor  # (batch, cells)
    labels: Tensor  # (batch, cells)


class Symmetries(Protocol):
    """A group of symmetries."""

    def apply_tokens(self, codes: Tensor, tokens: Tensor) -> Tensor:
        """Tokens (batch, cells) under codes (batch,)."""
        ...


class Augmenter(NamedTuple):
    """The symmetries of a family of tasks, applied to whole batches; nothing waits for the device."""

    # Base examples under codes (batch,).
    apply: Callable[[Examples, Tensor], Examples]
    # Augmented examples moved on their canvas, in training only: `draws` (batch, 2) are uniform in [0, 1), and say how
    # far down and right of the room that both grids leave. None for tasks that do not move.
    translate: Callable[[Examples, Tensor], Examples] | None


def augmenter(info: DatasetInfo) -> Augmenter:
    """The symmetries of a data set; DataError when its family is unknown."""
    if info.family == "lattice":
        return Augmenter(lambda examples, codes: examples, None)  # their tokens name sides, and no plan turns them
    if info.family == "sudoku":
        symmetries: Symmetries = SudokuSymmetries(info.generator["box_height"], info.generator["box_width"])
    elif info.family == "maze":
        symmetries = SquareSymmetries(info.grid_shape[0])
    else:
        raise DataError(
            f"no augmentation is known for tasks of family {info.family!r}; known are sudoku, maze and lattice"
        )

    def apply(examples: Examples, codes: Tensor) -> Examples:
        return Examples(*(symmetries.apply_tokens(codes, tokens) for tokens in examples))

    return Augmenter(apply, None)
