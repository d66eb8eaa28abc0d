"""A data set of ours in the published format, with its augmentations written out."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from hrm.core.errors import DataError, HrmError
from hrm.core.files import write_json
from hrm.core.seeds import numpy_generator
from hrm.data.dataset import IDENTITY, NONE, SPLITS, Dataset, DatasetInfo, Split, members
from hrm.data.task import Augmenter, Examples, augmenter, find_task
from hrm.interop.published import BLANK, RATINGS, PublishedInfo, array_path

CHUNK = 1 << 16  # examples made at a time


class Puzzles(NamedTuple):
    """All puzzles of a split in order: each group under each of its symmetries."""

    groups: NDArray[np.int64]  # (puzzles,)
    columns: NDArray[np.int64]  # (puzzles,) of the plan
    codes: NDArray[np.int64]  # (puzzles,)
    starts: NDArray[np.int64]  # (puzzles,) first base example
    sizes: NDArray[np.int64]  # (puzzles,) examples


Report = Callable[[int], object]  # is told how many examples were written since the last call


def export_dataset(
    dataset: Dataset, folder: Path, augmentations: int | None, translate: bool, report: Report
) -> dict[str, int]:
    """Write `folder`, which appears whole or not at all; returns the number of examples of each split.

    Args:
        augmentations: at most so many of each group beside its first puzzle; None for all.
        translate: of tasks that move on their canvas, move all training examples but one a puzzle, as the published
            builder does; the same for equal data.

    Raises DataError when the folder exists, or a split has more examples than the format can count.
    """
    if folder.exists():
        raise DataError(f"{folder}: exists already; remove it or choose another")
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        names: dict[int, str] = {0: BLANK}
        counts = {}
        for split_name, split in zip(SPLITS, (dataset.train, dataset.test), strict=True):
            puzzles = all_puzzles(split, augmentations)
            moves = translate and split_name == "train"
            _write_split(partial, split_name, split, dataset.info, puzzles, moves, report)
            names |= puzzle_names(dataset.info, split_name, split, puzzles)
            counts[split_name] = int(puzzles.sizes.sum())
        write_json(partial / "identifiers.json", [names.get(i, BLANK) for i in range(dataset.info.puzzle_ids)])
        partial.rename(folder)
    except OSError as error:
        raise HrmError(f"{folder}: cannot be written ({error.strerror or error}); nothing was changed") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return counts


def all_puzzles(split: Split, augmentations: int | None) -> Puzzles:
    """The puzzles of a split; groups without examples are left out."""
    plan = split.plan if augmentations is None else split.plan[:, : augmentations + 1]
    if not plan.shape[1]:
        plan = np.full((len(plan), 1), IDENTITY, dtype=np.int64)
    sizes = np.bincount(split.groups, minlength=len(plan))
    groups, columns = np.nonzero((plan != NONE) & (sizes > 0)[:, None])
    starts = np.searchsorted(split.groups, groups)
    return Puzzles(groups, columns, plan[groups, columns].astype(np.int64), starts, sizes[groups])


def puzzle_names(info: DatasetInfo, split_name: str, split: Split, puzzles: Puzzles) -> dict[int, str]:
    """Names by puzzle identifier: that of the group, and behind it the symmetry unless it is the identity."""
    if info.puzzle_ids == 1:
        return {}
    symmetry = find_task(info.family).symmetry_name
    groups = info.group_names.get(split_name) or [str(group) for group in range(len(split.plan))]
    ids = split.first_ids[puzzles.groups] + puzzles.columns
    return {
        int(number): groups[group] if code == IDENTITY else f"{groups[group]}_{symmetry(int(code))}"
        for number, group, code in zip(ids, puzzles.groups, puzzles.codes, strict=True)
    }


def _write_split(
    folder: Path, name: str, split: Split, info: DatasetInfo, puzzles: Puzzles, moves: bool, report: Report
) -> None:
    (folder / name).mkdir(parents=True)
    ends = np.cumsum(puzzles.sizes)
    examples = int(ends[-1]) if len(ends) else 0
    if examples >= 2**31:
        raise DataError(f"{folder}: {name} would have {examples} examples; the format counts in 32 bits")
    groups, per_group = np.unique(puzzles.groups, return_counts=True)
    own_ids = info.puzzle_ids > 1
    identifiers = split.first_ids[puzzles.groups] + puzzles.columns if own_ids else np.zeros(len(ends))
    small = {
        "puzzle_identifiers": identifiers,
        "puzzle_indices": np.concatenate([[0], ends]),
        "group_indices": np.concatenate([[0], np.cumsum(per_group)]),
    }
    for field, array in small.items():
        np.save(array_path(folder, name, field), array.astype(np.int32), allow_pickle=False)
    _write_examples(folder, name, split, augmenter(info), puzzles, moves, info.seed, report)
    described = PublishedInfo(
        pad_id=0,
        ignore_label_id=0,
        blank_identifier_id=0,
        vocab_size=info.vocabulary_size,
        seq_len=split.inputs.shape[1],
        num_puzzle_identifiers=info.puzzle_ids,
        total_groups=len(groups),
        mean_puzzle_examples=examples / max(len(ends), 1),
        sets=["all"],
    )
    write_json(folder / name / "dataset.json", described.model_dump())


def _write_examples(
    folder: Path, name: str, split: Split, how: Augmenter, puzzles: Puzzles, moves: bool, seed: int, report: Report
) -> None:
    """Inputs, labels and ratings, a chunk at a time straight to disk: memory stays flat however many there are."""
    examples, cells = int(puzzles.sizes.sum()), split.inputs.shape[1]

    def create(field: str, dtype: str, shape: tuple[int, ...]) -> NDArray[np.generic]:
        return np.lib.format.open_memmap(array_path(folder, name, field), "w+", np.dtype(dtype), shape)

    inputs, labels = (create(field, "uint8", (examples, cells)) for field in ("inputs", "labels"))
    ratings = create(RATINGS, "int32", (examples,))
    base = Examples(torch.from_numpy(split.inputs), torch.from_numpy(split.labels))
    shifts = numpy_generator(seed, "export shifts")
    unmoved = numpy_generator(seed, "export unmoved").integers(0, puzzles.sizes)
    largest = int(puzzles.sizes.max(initial=1))
    step = max(CHUNK // largest, 1)
    at = 0
    for first in range(0, len(puzzles.sizes), step):
        part = Puzzles(*(column[first : first + step] for column in puzzles))
        place, within = members(part.sizes)
        rows = part.starts[place] + within
        index = torch.from_numpy(rows)
        made = how.apply(Examples(*(tokens[index] for tokens in base)), torch.from_numpy(part.codes[place]))
        if moves and how.translate is not None:
            draws = shifts.random((len(place), 2), dtype=np.float32)
            draws[within == unmoved[first : first + step][place]] = 0  # which is: not moved
            made = how.translate(made, torch.from_numpy(draws))
        stop = at + len(place)
        inputs[at:stop], labels[at:stop] = made.inputs.numpy(), made.labels.numpy()
        ratings[at:stop] = split.rating[rows]
        at = stop
        report(len(place))
