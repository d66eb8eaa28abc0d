"""Batches on the device: base examples and the plan live there, symmetries are applied to whole batches."""

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hrm.core.errors import DataError
from hrm.core.seeds import numpy_generator
from hrm.data.dataset import NONE, Dataset, Split, members
from hrm.data.task import Examples, augmenter

EPOCHS_A_CHUNK = 64


class Batch(NamedTuple):
    """Examples on the device."""

    inputs: Tensor  # (batch, cells) long tokens
    labels: Tensor  # (batch, cells) long tokens
    puzzle_ids: Tensor  # (batch,) long


class Draws(NamedTuple):
    """Which examples come next, and how each is changed."""

    rows: Tensor  # (draws,) long
    codes: Tensor  # (draws,) long symmetry
    puzzle_ids: Tensor  # (draws,) long
    shifts: Tensor  # (draws, 2) float32 in [0, 1); (draws, 0) for tasks that do not move


class Curriculum(NamedTuple):
    """Easy examples first: a share of the groups, those of the lowest rating, that grows linearly to all of them."""

    start: float  # share at first; 1: no curriculum
    until: float  # examples drawn until the share is 1

    def share(self, drawn: int) -> float:
        """Of the groups, after so many examples."""
        return min(1.0, self.start + (1.0 - self.start) * (drawn / self.until if self.until else 1.0))


NO_CURRICULUM = Curriculum(1.0, 0.0)


class TrainBatches:
    """Endless training examples: every epoch each group once, in a new order, under one of its planned symmetries.

    All examples of a group come with it, under the same symmetry. The order depends on (seed, epoch) alone, so that a
    resumed training needs only `position`. Batches run across the border of two epochs. `part` is the share of every
    batch that this process trains on; together the processes draw what one alone would.
    """

    def __init__(
        self,
        dataset: Dataset,
        batch_size: int,
        seed: int,
        device: torch.device,
        curriculum: Curriculum = NO_CURRICULUM,
        part: slice | None = None,
    ) -> None:
        if not len(dataset.train.inputs):
            raise DataError("the data set has no training examples")
        self.examples = Examples(
            *(torch.from_numpy(x).to(device) for x in (dataset.train.inputs, dataset.train.labels))
        )
        self.augmenter = augmenter(dataset.info)
        self.batch_size, self.seed, self.device = batch_size, seed, device
        self.part = part or slice(0, batch_size)
        self.position = 0  # examples drawn so far, by all processes
        self._schedule = Schedule(dataset.train, dataset.info.puzzle_ids > 1, self.augmenter.translate is not None)
        self.curriculum = curriculum
        self._chunk_start, self._chunk = -1, Draws(*([torch.empty(0)] * 4))

    def next(self) -> Draws:
        """What this process' part of the next batch is made of, on the device; no work of it is waited for."""
        draws = self._take(self.position + self.part.start, self.part.stop - self.part.start)
        self.position += self.batch_size
        return draws

    def make(self, draws: Draws) -> Batch:
        """The examples that were drawn; static shapes, so that it can be part of a recorded step."""
        base = Examples(*(tokens[draws.rows] for tokens in self.examples))
        moved = self.augmenter.apply(base, draws.codes)
        if self.augmenter.translate is not None:
            moved = self.augmenter.translate(moved, draws.shifts)
        return Batch(moved.inputs.long(), moved.labels.long(), draws.puzzle_ids)

    def _take(self, position: int, count: int) -> Draws:
        """`count` draws from `position` on, from chunks of several epochs."""
        chunk = len(self.examples.inputs) * EPOCHS_A_CHUNK
        parts: list[Draws] = []
        while count:
            start = position // chunk * chunk
            if start != self._chunk_start:
                self._load_chunk(start)
            offset = position - start
            taken = min(count, chunk - offset)
            parts.append(Draws(*(column[offset : offset + taken] for column in self._chunk)))
            position, count = position + taken, count - taken
        if len(parts) == 1:
            return parts[0]
        return Draws(*(torch.cat(columns) for columns in zip(*parts, strict=True)))

    def _load_chunk(self, start: int) -> None:
        size = len(self.examples.inputs)
        numbers = range(start // size, start // size + EPOCHS_A_CHUNK)
        epochs = [self._schedule.epoch(self.seed, i, self.curriculum.share(i * size)) for i in numbers]
        columns = (np.concatenate(column) for column in zip(*epochs, strict=True))
        self._chunk = Draws(*(torch.from_numpy(column).to(self.device, non_blocking=True) for column in columns))
        self._chunk_start = start


class Schedule:
    """The order of the examples of an epoch, on the host."""

    def __init__(self, split: Split, own_ids: bool, moves: bool) -> None:
        groups = len(split.plan)
        self.plan, self.first_ids, self.own_ids, self.moves = split.plan, split.first_ids, own_ids, moves
        self.counts = (split.plan != NONE).sum(axis=1)  # symmetries of each group
        self.starts = np.searchsorted(split.groups, np.arange(groups))  # first example of each group
        self.sizes = np.bincount(split.groups, minlength=groups)  # examples of each group
        rating = np.zeros(groups, dtype=np.int64)
        np.maximum.at(rating, split.groups, split.rating)
        self.by_rating = rating.argsort(kind="stable")  # groups, the easiest first

    def epoch(self, seed: int, number: int, share: float = 1.0) -> tuple[NDArray[Any], ...]:
        """The columns of `Draws` for one epoch, from (seed, number) alone.

        With a `share` below 1 the easiest groups alone are drawn, several times, until there are as many examples.
        """
        generator = numpy_generator(seed, "order", number)
        order = generator.permutation(len(self.plan))
        if share < 1.0:
            order = self._easiest(share, generator)
        which = generator.integers(0, np.maximum(self.counts[order], 1))
        codes = self.plan[order, which] if self.plan.shape[1] else np.zeros(len(order))
        ids = (self.first_ids[order] + which) if self.own_ids else np.zeros(len(order))
        place, within = members(self.sizes[order])
        if self.sizes.max() > 1:
            within = within[np.lexsort((generator.random(len(place)), place))]
        rows = self.starts[order][place] + within
        shifts = generator.random((len(place), 2 if self.moves else 0), dtype=np.float32)
        columns = rows, codes[place].astype(np.int64), ids[place].astype(np.int64), shifts
        return tuple(column[: self.sizes.sum()] for column in columns)

    def _easiest(self, share: float, generator: np.random.Generator) -> NDArray[np.int64]:
        allowed = self.by_rating[: max(1, round(share * len(self.plan)))]
        rounds = -(-int(self.sizes.sum()) // int(self.sizes[allowed].sum()))
        return np.concatenate([generator.permutation(allowed) for _ in range(rounds)])
