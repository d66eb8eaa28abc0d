"""A data set in the published format, read into ours: each puzzle is a group of its own, with an empty plan."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hrm.core.data_schema.base import DataParams
from hrm.core.errors import DataError
from hrm.core.files import read_json, sha256_file
from hrm.core.params import parse_value
from hrm.data.dataset import SPLITS, DatasetInfo, Split, rating_statistics, save_dataset
from hrm.interop.published import FIELDS, RATINGS, PublishedInfo, array_path, check_bounds, load_array


def import_dataset(folder: Path, params: DataParams, out: Path) -> DatasetInfo:
    """Write the data set `out` with the examples of `folder`, in their order.

    Groups of the published format (all copies of a task) are not kept apart: an epoch takes every puzzle once.
    DataError names the file that is missing, broken or does not fit the others or the task.
    """
    infos = {name: _info(folder / name / "dataset.json") for name in SPLITS}
    for key in ("vocab_size", "seq_len", "num_puzzle_identifiers"):
        if getattr(infos["train"], key) != getattr(infos["test"], key):
            raise DataError(f"{folder}: train/dataset.json and test/dataset.json differ in {key}")
    info = infos["train"]
    if info.seq_len != np.prod(params.grid_shape):
        grid = "x".join(map(str, params.grid_shape))
        raise DataError(f"{folder}: has {info.seq_len} cells; task {params.task} has grids of {grid}")
    names = _names(folder / "identifiers.json", info.num_puzzle_identifiers)
    splits = {name: _split(folder, name, infos[name]) for name in SPLITS}
    own_ids = info.num_puzzle_identifiers > 1
    files = {path.relative_to(folder).as_posix(): sha256_file(path) for path in sorted(folder.glob("*/*.npy"), key=str)}
    facts = {
        "task": params.task,
        "family": params.family,
        "vocabulary_size": info.vocab_size,
        "grid_shape": params.grid_shape,
        "puzzle_ids": info.num_puzzle_identifiers,
        "group_names": {
            name: [names[number] for number in split.first_ids] if own_ids else [] for name, split in splits.items()
        },
        "seed": params.seed,
        "generator": {**params.model_dump(), "imported": files},
        "statistics": {name: _statistics(folder, name, split) for name, split in splits.items()},
    }
    return save_dataset(out, splits["train"], splits["test"], facts)


def _info(path: Path) -> PublishedInfo:
    described = read_json(path)
    if not isinstance(described, dict):
        raise DataError(f"{path}: must hold an object")
    info = parse_value(PublishedInfo, described, str(path))
    for key in ("pad_id", "ignore_label_id", "blank_identifier_id"):
        if getattr(info, key) != 0:
            raise DataError(f"{path}: {key} is {getattr(info, key)}; only 0 can be read")
    if info.vocab_size > 256:
        raise DataError(f"{path}: vocab_size is {info.vocab_size}; at most 256 tokens can be read")
    return info


def _names(path: Path, count: int) -> list[str]:
    names = read_json(path)
    if not isinstance(names, list) or len(names) != count or not all(isinstance(name, str) for name in names):
        raise DataError(f"{path}: must hold a list of {count} names, as num_puzzle_identifiers says")
    return names


def _split(folder: Path, name: str, info: PublishedInfo) -> Split:
    if not info.sets:
        raise DataError(f"{folder / name / 'dataset.json'}: sets is empty")
    parts = [_set(folder, name, set_name, info) for set_name in info.sets]
    starts = np.cumsum([0, *(len(part.plan) for part in parts)])
    return Split(
        inputs=np.concatenate([part.inputs for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
        rating=np.concatenate([part.rating for part in parts]),
        groups=np.concatenate([part.groups + start for part, start in zip(parts, starts, strict=False)]).astype("i4"),
        plan=np.zeros((starts[-1], 0), dtype=np.int64),
        first_ids=np.concatenate([part.first_ids for part in parts]),
    )


def _set(folder: Path, name: str, set_name: str, info: PublishedInfo) -> Split:
    paths = {field: array_path(folder, name, field, set_name) for field in FIELDS}
    arrays = {field: load_array(path) for field, path in paths.items()}
    examples, puzzles = len(arrays["inputs"]), len(arrays["puzzle_identifiers"])
    for field in ("inputs", "labels"):
        if arrays[field].shape != (examples, info.seq_len):
            raise DataError(f"{paths[field]}: has shape {arrays[field].shape}; it must be {(examples, info.seq_len)}")
        _check_range(paths[field], arrays[field], info.vocab_size, "vocab_size")
    _check_range(
        paths["puzzle_identifiers"], arrays["puzzle_identifiers"], info.num_puzzle_identifiers, "num_puzzle_identifiers"
    )
    check_bounds(paths["puzzle_indices"], arrays["puzzle_indices"], examples, "examples")
    check_bounds(paths["group_indices"], arrays["group_indices"], puzzles, "puzzles")
    if len(arrays["puzzle_indices"]) != puzzles + 1:
        raise DataError(f"{paths['puzzle_indices']}: has {len(arrays['puzzle_indices'])} entries for {puzzles} puzzles")
    sizes = np.diff(arrays["puzzle_indices"])
    return Split(
        inputs=arrays["inputs"].astype(np.uint8),
        labels=arrays["labels"].astype(np.uint8),
        rating=_ratings(array_path(folder, name, RATINGS, set_name), examples),
        groups=np.repeat(np.arange(puzzles, dtype=np.int32), sizes),
        plan=np.zeros((puzzles, 0), dtype=np.int64),
        first_ids=arrays["puzzle_identifiers"].astype(np.int32),
    )


def _check_range(path: Path, array: NDArray[Any], below: int, key: str) -> None:
    if array.size and not (array.min() >= 0 and array.max() < below):
        raise DataError(f"{path}: holds values from {array.min()} to {array.max()}; {key} is {below}")


def _ratings(path: Path, examples: int) -> NDArray[np.int32]:
    """Those that our own export adds; zeros in data of the published builders."""
    if not path.exists():
        return np.zeros(examples, dtype=np.int32)
    ratings = load_array(path)
    if ratings.shape != (examples,):
        raise DataError(f"{path}: has shape {ratings.shape}; it must be {(examples,)}")
    return ratings.astype(np.int32)


def _statistics(folder: Path, name: str, split: Split) -> dict[str, Any]:
    statistics: dict[str, Any] = {"examples": len(split.inputs)}
    if len(split.inputs) and array_path(folder, name, RATINGS).exists():
        statistics["rating"] = rating_statistics(split.rating)
    return statistics
