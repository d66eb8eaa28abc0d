"""What the votes and the puzzle ids contribute on ARC (arXiv 2512.11847): with one vote or many, under another id.

Every task has an id of its own in training, whose embedding the network may remember. Here the ids of the test tasks
stay, give way to the blank id, which no training example has, or to those of the next test task.
"""

from typing import Any, Literal, NamedTuple, TypeAlias, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hrm.core.vote_schema import VoteParams
from hrm.data.arc.encoding import decode
from hrm.data.dataset import NONE, Dataset
from hrm.evaluation.arc import arc_votes
from hrm.evaluation.segments import SegmentModel

Ids: TypeAlias = Literal["own_id", "blank_id", "other_id"]
IDS: tuple[Ids, ...] = get_args(Ids)
BLANK = 0


class Outcome(NamedTuple):
    """Which test tasks are solved, in the order of their names: every test input is among the first answers."""

    first: NDArray[np.bool_]  # (tasks,) pass@1
    second: NDArray[np.bool_]  # (tasks,) pass@2


class WithIds:
    """A network that is told `table[id]` (ids,) in place of each puzzle id."""

    def __init__(self, model: SegmentModel, table: Tensor) -> None:
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


def outcome(
    model: SegmentModel,
    dataset: Dataset,
    inputs: Tensor,
    copies: int,
    ids: Ids,
    segments: int,
    halts: bool,
    block: int,
    batch_size: int,
) -> Outcome:
    """Let the first `copies` augmentations of every test input vote.

    Args:
        model: in eval mode, on the device of `inputs`.
        dataset: of the family arc.
        inputs: (test inputs, cells) tokens as stored: the first so many of the test split.
        copies: 1 for the test input itself alone.
        ids: which puzzle ids the network is told.
        segments: that an answer takes.
        halts: whether the halt values break ties.
        block: predictions that are kept at a time.
        batch_size: copies at a time.
    """
    votes = VoteParams(augmentations=copies, counts=[1], top=[1, 2], subsets=1, seed=0, block=block)
    told = WithIds(model, id_table(dataset, ids).to(inputs.device))
    found = arc_votes(told, dataset, inputs, votes, segments, halts, batch_size, 0.95).submission
    return solved(found, dataset, len(inputs))


def solved(submission: dict[str, list[dict[str, list[list[int]]]]], dataset: Dataset, inputs: int) -> Outcome:
    """The outcome of submitted attempts at the first `inputs` test inputs."""
    test, names = dataset.test, dataset.info.group_names["test"]
    right: dict[str, list[tuple[bool, bool]]] = {name: [] for name in submission}
    for example in range(inputs):
        name = names[int(test.groups[example])]
        label = decode(test.labels[example]).tolist()
        attempts = submission[name][len(right[name])]
        first = attempts["attempt_1"] == label
        right[name].append((first, first or attempts["attempt_2"] == label))
    tasks = np.array([np.all(right[name], axis=0) for name in sorted(right)])  # (tasks, 2)
    return Outcome(tasks[:, 0], tasks[:, 1])
