"""Puzzles that leave almost nothing to find: the solution of a Sudoku with a few cells emptied.

A network that searches as people do fills one empty cell at once; a trained HRM may fail to (arXiv 2601.10679).
"""

import numpy as np
import torch
from torch import Tensor

from hrm.core.seeds import numpy_generator
from hrm.evaluation.segments import Examples


def emptying_order(examples: int, cells: int, seed: int) -> Tensor:
    """(examples, cells) in which order the cells of each puzzle are emptied: random, the same for every number."""
    draws = numpy_generator(seed, "empty cells").random((examples, cells))
    return torch.from_numpy(np.argsort(draws, axis=1, kind="stable"))


def with_empty_cells(examples: Examples, order: Tensor, count: int, empty: int) -> Examples:
    """The solutions with the first `count` cells of `order` (examples, cells) set to `empty`; labels stay."""
    chosen = order[:, :count].to(examples.labels.device)
    inputs = examples.labels.scatter(1, chosen, empty)
    return Examples(inputs, examples.labels, examples.puzzle_ids)
