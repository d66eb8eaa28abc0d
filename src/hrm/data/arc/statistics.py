"""What dataset.json says of ARC data: sizes, difficulty, and what the split does not keep apart."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hrm.data.arc.canonical import equivalent_pairs
from hrm.data.arc.collection import ArcTask, Pair
from hrm.data.arc.mixing import held_out_marks
from hrm.data.dataset import NONE, rating_statistics


def rating(pairs: Sequence[Pair]) -> NDArray[np.int32]:
    """Difficulty of pairs (pairs,): cells of the larger of the two grids, which a model has to read or to write."""
    return np.array([max(pair.input.size, pair.output.size) for pair in pairs], dtype=np.int32)


def statistics(tasks: Sequence[ArcTask], plan: NDArray[np.int32], known: int, dropped: int) -> dict[str, Any]:
    """Statistics of a data set of `tasks` with their plan (tasks, 1 + augmentations).

    `known` counts the tasks before those with too large grids were left out, `dropped` those left out because a pair
    was equivalent to one of another task. `held_out_equivalent` lists test pairs that a trained pair is equivalent to.
    """
    held_out = [task for task in tasks if task.held_out]
    train = [pair for task in tasks for pair in (task.demonstrations if task.held_out else task.pairs)]
    used = (plan != NONE).sum(axis=1)
    return {
        "tasks": dict(sorted(Counter(task.part for task in tasks).items())),
        "tasks_too_large": known - len(tasks) - dropped,
        "equivalent_dropped": dropped,
        "augmented_tasks": int(used.sum()),
        "tasks_with_fewer_augmentations": int((used < plan.shape[1]).sum()),
        "held_out_equivalent": equivalent_pairs(list(tasks)),
        "held_out_marks": held_out_marks(held_out),
        "train": _split_statistics(len(tasks), train),
        "test": _split_statistics(len(held_out), [pair for task in held_out for pair in task.tests]),
    }


def _split_statistics(tasks: int, pairs: Sequence[Pair]) -> dict[str, Any]:
    if not pairs:
        return {"tasks": tasks, "pairs": 0}
    sides = np.array([grid.shape for pair in pairs for grid in pair])
    return {
        "tasks": tasks,
        "pairs": len(pairs),
        "same_size": sum(pair.input.shape == pair.output.shape for pair in pairs),
        "height": {"minimum": int(sides[:, 0].min()), "maximum": int(sides[:, 0].max())},
        "width": {"minimum": int(sides[:, 1].min()), "maximum": int(sides[:, 1].max())},
        "rating": rating_statistics(rating(pairs)),
    }
