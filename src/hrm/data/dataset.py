"""The stored format: train.safetensors and test.safetensors beside dataset.json, which holds their hashes."""

from dataclasses import dataclass
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


class DatasetInfo(Params):
    """dataset.json. It holds no time and no machine, so that equal data are equal files."""

    task: str
    vocabulary_size: PositiveInt
    grid_shape: list[PositiveInt]
    puzzle_ids: PositiveInt
    train_examples: NonNegativeInt
    test_examples: NonNegativeInt
    seed: NonNegativeInt
    generator: dict[str, Any]
    statistics: dict[str, Any]
    sha256: dict[str, str]


@dataclass(frozen=True)
class Split:
    """Base examples of one split; tokens are row by row, `plan[i, j]` is the code of symmetry j of example i."""

    inputs: Cells  # (examples, cells) tokens
    labels: Cells  # (examples, cells) tokens
    rating: NDArray[np.int32]  # (examples,) difficulty
    plan: NDArray[np.int64]  # (examples, augmentations); (examples, 0) where there is none

    def arrays(self) -> dict[str, NDArray[Any]]:
        """The arrays by the names they have in the file."""
        return {"inputs": self.inputs, "labels": self.labels, "rating": self.rating, "plan": self.plan}


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
    if split.inputs.shape != shape or split.labels.shape != shape or len(split.plan) != examples:
        raise DataError(f"{path}: holds arrays of shape {split.inputs.shape}; dataset.json says {shape}")
    return split
