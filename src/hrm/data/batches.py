"""Batches on the device: base examples and the plan live there, symmetries are applied to whole batches."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from hrm.core.errors import DataError
from hrm.core.seeds import numpy_generator
from hrm.data.dataset import Dataset, DatasetInfo
from hrm.data.sudoku_symmetries import SudokuSymmetries

Augment = Callable[[Tensor, Tensor], Tensor]  # (codes (B,), tokens (B, cells)) -> tokens (B, cells)
EPOCHS_A_CHUNK = 64


class Batch(NamedTuple):
    """Examples on the device."""

    inputs: Tensor  # (batch, cells) long tokens
    labels: Tensor  # (batch, cells) long tokens
    puzzle_ids: Tensor  # (batch,) long


def token_augmenter(info: DatasetInfo) -> Augment:
    """What a code of the plan does to the tokens of this task."""
    if info.task == "sudoku":
        return SudokuSymmetries(info.generator["box_height"], info.generator["box_width"]).apply_tokens
    raise DataError(f"no augmentation is known for task {info.task!r}; known is sudoku")


class TrainBatches:
    """Endless training examples: every epoch each puzzle once, in a new order, under one of its planned symmetries.

    The order depends on (seed, epoch) alone, so that a resumed training needs only `position`. Batches run across
    the border of two epochs.
    """

    def __init__(self, dataset: Dataset, batch_size: int, seed: int, device: torch.device) -> None:
        if not len(dataset.train.inputs):
            raise DataError("the data set has no training examples")
        self.inputs = torch.from_numpy(dataset.train.inputs).to(device)
        self.labels = torch.from_numpy(dataset.train.labels).to(device)
        self.plan = dataset.train.plan
        self.augment = token_augmenter(dataset.info)
        self.batch_size, self.seed, self.device = batch_size, seed, device
        self.position = 0  # examples drawn so far
        self._chunk_start, self._order, self._codes = -1, torch.empty(0), torch.empty(0)

    def draw(self) -> Batch:
        """The next batch; no work of the device is waited for."""
        order, codes = self._take(self.batch_size)
        self.position += self.batch_size
        inputs = self.augment(codes, self.inputs[order]).long()
        labels = self.augment(codes, self.labels[order]).long()
        return Batch(inputs, labels, torch.zeros_like(order))

    def _take(self, count: int) -> tuple[Tensor, Tensor]:
        """Rows and codes of the next `count` examples, from chunks of several epochs."""
        puzzles = len(self.inputs)
        chunk = puzzles * EPOCHS_A_CHUNK
        parts: list[tuple[Tensor, Tensor]] = []
        position = self.position
        while count:
            start = position // chunk * chunk
            if start != self._chunk_start:
                self._load_chunk(start)
            offset = position - start
            taken = min(count, chunk - offset)
            parts.append((self._order[offset : offset + taken], self._codes[offset : offset + taken]))
            position, count = position + taken, count - taken
        if len(parts) == 1:
            return parts[0]
        orders, codes = zip(*parts, strict=True)
        return torch.cat(orders), torch.cat(codes)

    def _load_chunk(self, start: int) -> None:
        puzzles, first = len(self.inputs), start // len(self.inputs)
        orders, codes = [], []
        for epoch in range(first, first + EPOCHS_A_CHUNK):
            generator = numpy_generator(self.seed, "order", epoch)
            order = generator.permutation(puzzles)
            orders.append(order)
            if self.plan.shape[1]:
                codes.append(self.plan[order, generator.integers(0, self.plan.shape[1], puzzles)])
            else:
                codes.append(np.zeros(puzzles, dtype=np.int64))
        self._order = torch.from_numpy(np.concatenate(orders)).to(self.device, non_blocking=True)
        self._codes = torch.from_numpy(np.concatenate(codes)).to(self.device, non_blocking=True)
        self._chunk_start = start
