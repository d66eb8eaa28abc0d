"""What the votes and the puzzle ids contribute on ARC (arXiv 2512.11847): with one vote or many, under another id.

Every task has an id of its own in training, whose embedding the network may remember. Here the ids of the test tasks
stay, give way to the blank id, which no training example has, or to those of the next test task.
"""

from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import torch
from torch import Tensor

from hrm.data.dataset import NONE, Dataset
from hrm.data.players import Player

Ids: TypeAlias = Literal["own_id", "blank_id", "other_id"]
IDS: tuple[Ids, ...] = get_args(Ids)
BLANK = 0


class WithIds:
    """A network that is told `table[id]` (ids,) in place of each puzzle id."""

    def __init__(self, model: Player, table: Tensor) -> None:
        self.model, self.table = model, table

    def initial_carry(self, batch: int, device: torch.device) -> Any:
        """States of fresh examples."""
        return self.model.initial_carry(batch, device)

    def __call__(self, carry: Any, inputs: Tensor, puzzle_ids: Tensor) -> tuple[Any, Tensor, Tensor]:
        """One segment."""
        return self.model(carry, inputs, self.table[puzzle_ids])


def id_table(dataset: Dataset, ids: Ids) -> Tensor:
    """(puzzle ids,) long: what each id is replaced by.

    The j-th augmentation of a test task gets that of the next test task, its last one where it has fewer; the last task
    gets those of the first.
    """
    table = torch.arange(dataset.info.puzzle_ids)
    if ids == "blank_id":
        return torch.full_like(table, BLANK)
    if ids == "other_id":
        test = dataset.test
        counts = (test.plan != NONE).sum(axis=1)
        for group, count in enumerate(counts):
            other = (group + 1) % len(counts)
            places = np.minimum(np.arange(count), counts[other] - 1)
            table[int(test.first_ids[group]) : int(test.first_ids[group]) + int(count)] = torch.from_numpy(
                int(test.first_ids[other]) + places
            )
    return table
