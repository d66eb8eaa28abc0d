"""The stored format: train.safetensors and test.safetensors beside dataset.json, which holds their hashes."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import NonNegativeInt, PositiveInt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from hrm.core.errors import DataError
from hrm.core.files import atomic_path, read_json, sha256_file, write_json
from hrm.core.params import Params, parse_value

Cells = NDArray[np.uint8]
SPLITS = ("train", "test")
NONE = -1  # in a plan: no more symmetries
IDENTITY = 0  # in a plan: the symmetry that changes nothing, in every family


class DatasetInfo(Params):
    """dataset.json. It holds no time and no machine, so that equal data are equal files."""

    task: str
    family: str
    vocabulary_size: PositiveInt
    grid_shape: list[PositiveInt]
    puzzle_ids: PositiveInt  # 1 where all examples share one
    group_names: dict[str, list[str]]  # of each split, in the order of its plan; empty where groups have no names
    train_examples: NonNegativeInt
    test_examples: NonNegativeInt
    seed: NonNegativeInt
    generator: dict[str, Any]
    statistics: dict[str, Any]
    sha256: dict[str, str]


@dataclass(frozen=True)
class Split:
    """Base examples of one split, tokens row by row, and the plan of their augmentations.

    Examples of one group always share a symmetry: the pairs of an ARC task. `plan[g, j]` is the code of symmetry j of
    group g, in int32 or int64; rows of groups that have fewer end in NONE. Where puzzles have ids of their own, that of
    symmetry j of group g is `first_ids[g] + j`.
    """

    inputs: Cells  # (examples, cells) tokens
    labels: Cells  # (examples, cells) tokens; 0 counts neither for the loss nor for accuracy
    rating: NDArray[np.int32]  # (examples,) difficulty
    groups: NDArray[np.int32]  # (examples,) row of the plan, ascending
    plan: NDArray[Any]  # (groups, augmentations); (groups, 0) where there is none
    first_ids: NDArray[np.int32]  # (groups,) puzzle id of symmetry 0

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays by the names they have in the file."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def members(sizes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each example of groups with `sizes` (groups,), one group after another: its group, its place in the group."""
    group = np.repeat(np.arange(len(sizes)), sizes)
    return group, np.arange(len(group)) - np.repeat(np.cumsum(sizes) - sizes, sizes)


def single_examples(inputs: Cells, labels: Cells, rating: NDArray[np.int32], plan: NDArray[Any]) -> Split:
    """A split in which every example is a group of its own and all share puzzle id 0."""
    groups = np.arange(len(inputs), dtype=np.int32)
    return Split(inputs, labels, rating, groups, plan, np.zeros_like(groups))


@dataclass(frozen=True)
class Dataset:
    """A data set as read from its folder."""

    info: DatasetInfo
    train: Split
    test: Split


def save_dataset(folder: str | Path, train: Split, test: Split, facts: dict[str, Any]) -> DatasetInfo:
    """Write both splits, then dataset.json; `facts` are the fields of DatasetInfo but for counts and hashes."""
    folder = Path(folder)
    hashes = {}
    for name, split in zip(SPLITS, (train, test), strict=True):
        path = folder / f"{name}.safetensors"
        with atomic_path(path) as temporary:
            save_file({key: np.ascontiguousarray(array) for key, array in split.arrays().items()}, temporary)
        hashes[name] = sha256_file(path)
    counts = {"train_examples": len(train.inputs), "test_examples": len(test.inputs)}
    info = parse_value(DatasetInfo, {**facts, **counts, "sha256": hashes}, str(folder / "dataset.json"))
    write_json(folder / "dataset.json", info.model_dump())
    return info


def load_dataset(folder: str | Path) -> Dataset:
    """Read a data set; DataError when a file is missing, truncated, changed, or does not fit its description."""
    folder = Path(folder)
    described = read_json(folder / "dataset.json")
    if not isinstance(described, dict):
        raise DataError(f"{folder / 'dataset.json'}: must hold an object")
    info = parse_value(DatasetInfo, described, str(folder / "dataset.json"))
    train, test = (_load_split(folder / f"{name}.safetensors", name, info) for name in SPLITS)
    return Dataset(info, train, test)


def _load_split(path: Path, name: str, info: DatasetInfo) -> Split:
    if not path.is_file():
        raise DataError(f"{path}: is missing")
    if sha256_file(path) != info.sha256.get(name):
        raise DataError(f"{path}: its SHA-256 is not the one in dataset.json; the file is damaged or was edited")
    try:
        split = Split(**load_file(path))
    except (SafetensorError, OSError, TypeError) as error:
        raise DataError(f"{path}: cannot be read ({error})") from error
    examples = info.train_examples if name == "train" else info.test_examples
    shape = (examples, int(np.prod(info.grid_shape)))
    if split.inputs.shape != shape or split.labels.shape != shape:
        raise DataError(f"{path}: holds arrays of shape {split.inputs.shape}; dataset.json says {shape}")
    groups, rows = split.groups, len(split.plan)
    if not (len(groups) == examples and len(split.first_ids) == rows and (np.diff(groups) >= 0).all()):
        raise DataError(f"{path}: its groups are not those of its {examples} examples in order")
    if examples and not (groups[0] >= 0 and groups[-1] < rows):
        raise DataError(f"{path}: its groups go from {groups[0]} to {groups[-1]}, its plan has {rows} rows")
    return split


def rating_statistics(rating: NDArray[np.int32]) -> dict[str, Any]:
    """Least, mean and greatest rating (examples,) of at least one example, and a histogram.

    The histogram counts edges[i] <= rating < edges[i + 1]; its edges are 0 and the powers of two.
    """
    edges = [0, *(2**power for power in range(int(rating.max()).bit_length() + 1))]
    return {
        "minimum": int(rating.min()),
        "mean": round(float(rating.mean()), 4),
        "maximum": int(rating.max()),
        "histogram": {"edges": edges, "counts": np.histogram(rating, edges)[0].tolist()},
    }
