"""Which pairs are the same but for a symmetry: a canonical form of each under the 8 turns and all renamings."""

import numpy as np
from numpy.typing import NDArray

from hrm.data.arc.collection import ArcTask, Pair
from hrm.data.arc.group import COLOURS
from hrm.data.turns import TURNS, turned


def canonical_pair(pair: Pair) -> bytes:
    """Equal for two pairs exactly when an element of the group makes one of the other.

    Of the 8 turned pairs, each with colours 1 to 9 renamed in the order of their first cells, the first in order.
    """
    return min(_renamed(turned(pair.input, turn), turned(pair.output, turn)) for turn in range(TURNS))


def _renamed(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> bytes:
    cells = np.concatenate([first.ravel(), second.ravel()])
    colours, places = np.unique(cells, return_index=True)
    names = np.zeros(COLOURS + 1, dtype=np.uint8)
    used = colours[np.argsort(places)]
    used = used[used > 0]
    names[used] = np.arange(1, len(used) + 1)
    return bytes([*first.shape, *second.shape]) + names[cells].tobytes()


def equivalent_pairs(tasks: list[ArcTask]) -> list[dict[str, object]]:
    """Held-out pairs that a pair trained on is equivalent to: task, number of the test pair, tasks of those trained on.

    The published builder does not look; what it would find belongs to the statistics of a data set.
    """
    trained: dict[bytes, set[str]] = {}
    for task in tasks:
        for pair in task.demonstrations if task.held_out else task.pairs:
            trained.setdefault(canonical_pair(pair), set()).add(task.name)
    found: list[dict[str, object]] = []
    for task in tasks:
        for number, pair in enumerate(task.tests if task.held_out else []):
            names = trained.get(canonical_pair(pair))
            if names:
                found.append({"task": task.name, "test": number, "trained_as": sorted(names)})
    return found
