"""What a code of the plan does to the examples of a data set: one function a family of tasks."""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

from hrm.core.errors import DataError
from hrm.data.arc.symmetries import ArcSymmetries
from hrm.data.dataset import DatasetInfo
from hrm.data.grid.symmetries import SquareSymmetries
from hrm.data.sudoku.symmetries import SudokuSymmetries


class Examples(NamedTuple):
    """Tokens on the device."""

    inputs: Tensor  # (batch, cells)
    labels: Tensor  # (batch, cells)


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
        sudoku = SudokuSymmetries(info.generator["box_height"], info.generator["box_width"])
        return Augmenter(_to_both(sudoku.apply_tokens), None)
    if info.family == "maze":
        return Augmenter(_to_both(SquareSymmetries(info.grid_shape[0]).apply_tokens), None)
    if info.family == "arc":
        arc = ArcSymmetries(info.grid_shape[0])
        return Augmenter(_to_both(arc.apply_tokens), lambda examples, draws: Examples(*arc.translate(*examples, draws)))
    known = "arc, lattice, maze and sudoku"
    raise DataError(f"no augmentation is known for tasks of family {info.family!r}; known are {known}")


def _to_both(apply_tokens: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Examples, Tensor], Examples]:
    """What acts on inputs and on labels in the same way."""
    return lambda examples, codes: Examples(*(apply_tokens(codes, tokens) for tokens in examples))
