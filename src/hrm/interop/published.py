"""The published data format: what its files are called, and what must hold of them.

A set has examples, which belong to puzzles (an augmented copy of a task is a puzzle of its own), which belong to groups
(all copies of a task). An epoch of the published trainer takes one random puzzle of each group.

  inputs, labels (examples, cells)   puzzle_indices (puzzles + 1,): the first example of each puzzle, then the end
  puzzle_identifiers (puzzles,)      group_indices (groups + 1,): the first puzzle of each group, then the end
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, NonNegativeFloat, NonNegativeInt, PositiveInt

from hrm.core.errors import DataError
from hrm.core.params import Params

SET = "all"
FIELDS = ("inputs", "labels", "puzzle_identifiers", "puzzle_indices", "group_indices")
RATINGS = "ratings"  # (examples,) our addition, which the published code does not look at
BLANK = "<blank>"  # the name of puzzle identifier 0


class PublishedInfo(Params):
    """dataset.json of a split. Later versions of the published code add fields, which are left aside."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    pad_id: int
    ignore_label_id: int | None
    blank_identifier_id: int
    vocab_size: PositiveInt
    seq_len: PositiveInt
    num_puzzle_identifiers: PositiveInt
    total_groups: NonNegativeInt
    mean_puzzle_examples: NonNegativeFloat
    sets: list[str]


def array_path(folder: Path, split: str, field: str, set_name: str = SET) -> Path:
    """The file of one array."""
    return folder / split / f"{set_name}__{field}.npy"


def load_array(path: Path) -> NDArray[Any]:
    """An array of integers, on disk until it is used; DataError when the file is missing, cut short or another."""
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error
    except (ValueError, EOFError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path}: is not a whole .npy file of numbers ({reason})") from error
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "iu":
        raise DataError(f"{path}: holds {getattr(array, 'dtype', type(array).__name__)}; it must hold integers")
    return array


def check_bounds(path: Path, bounds: NDArray[Any], end: int, what: str) -> None:
    """DataError unless `bounds` begin at 0, rise, and end at `end`."""
    if bounds.ndim != 1 or not len(bounds) or bounds[0] != 0 or (np.diff(bounds.astype(np.int64)) < 1).any():
        raise DataError(f"{path}: must begin with 0 and rise from entry to entry")
    if bounds[-1] != end:
        raise DataError(f"{path}: ends at {bounds[-1]}; there are {end} {what}")
