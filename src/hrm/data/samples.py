"""Some examples of a data set to look at, spread over difficulty, each with one of its augmentations."""

import itertools
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from hrm.core.seeds import numpy_generator
from hrm.data.dataset import IDENTITY, NONE, SPLITS, Cells, Dataset, DatasetInfo, Split
from hrm.data.task import Examples, augmenter


class Pair(NamedTuple):
    """Tokens of one example."""

    inputs: Cells  # (cells,)
    labels: Cells  # (cells,)


class Sample(NamedTuple):
    """One example of a data set."""

    split: str
    number: int  # of the example in its split, from 0
    name: str  # of its group; empty where groups have none
    rating: int
    pair: Pair
    augmented: Pair | None  # None where the data set plans no augmentation of it


def samples(dataset: Dataset, count: int, seed: int) -> list[Sample]:
    """At most `count` examples of each split, easiest first, training before test; the same for equal arguments."""
    return [
        _sample(dataset.info, name, split, row, numpy_generator(seed, f"augmentation of {name}", row))
        for name, split in zip(SPLITS, (dataset.train, dataset.test), strict=True)
        for row in spread(split.rating, count, numpy_generator(seed, f"samples of {name}"))
    ]


def spread(rating: NDArray[np.int32], count: int, generator: np.random.Generator) -> list[int]:
    """Random rows, one from each of `count` parts of equal size of the rows in order of `rating`."""
    order = np.lexsort((generator.random(len(rating)), rating))  # equal ratings in random order
    bounds = np.linspace(0, len(order), min(count, len(order)) + 1).astype(int)
    return [int(order[generator.integers(low, high)]) for low, high in itertools.pairwise(bounds)]


def _sample(info: DatasetInfo, name: str, split: Split, row: int, generator: np.random.Generator) -> Sample:
    group = int(split.groups[row])
    names = info.group_names.get(name) or []
    codes = split.plan[group][(split.plan[group] != NONE) & (split.plan[group] != IDENTITY)]
    augmented = None
    if len(codes):
        one = Examples(torch.from_numpy(split.inputs[[row]]), torch.from_numpy(split.labels[[row]]))
        made = augmenter(info).apply(one, torch.from_numpy(generator.choice(codes, 1).astype(np.int64)))
        augmented = Pair(made.inputs[0].numpy(), made.labels[0].numpy())
    pair = Pair(split.inputs[row], split.labels[row])
    return Sample(name, row, names[group] if names else "", int(split.rating[row]), pair, augmented)
