"""What may not be mixed: a model that trained on a task cannot be tested on it."""

import hashlib
from collections.abc import Sequence

from hrm.core.errors import DataError
from hrm.data.arc.canonical import canonical_pair
from hrm.data.arc.collection import ArcTask
from hrm.data.dataset import DatasetInfo


def held_out_marks(tasks: Sequence[ArcTask]) -> list[str]:
    """16 hex digits for what each task holds out, equal for equivalent test pairs in any order."""
    return [
        hashlib.sha256(b"".join(sorted(canonical_pair(pair) for pair in task.tests))).hexdigest()[:16] for task in tasks
    ]


def refuse_mixing(train_info: DatasetInfo, test_info: DatasetInfo) -> None:
    """Raise DataError when a model trained on one data set cannot be tested on the other.

    It can where every task of the test split is unknown to the training split, or held out by it in the same way.
    ARC-AGI-2 trains on almost all evaluation tasks of ARC-AGI-1, with demonstrations and test pairs in other places.
    """
    trained = set(train_info.group_names["train"])
    held_out = _marks(train_info)
    seen = [name for name, mark in _marks(test_info).items() if name in trained and held_out.get(name) != mark]
    if seen:
        raise DataError(
            f"a model trained on {train_info.task} cannot be tested on {test_info.task}: it has trained on {len(seen)} "
            f"of the {len(test_info.group_names['test'])} tasks, with other pairs held out ({seen[0]}, for one)"
        )


def _marks(info: DatasetInfo) -> dict[str, str]:
    names = info.group_names["test"]
    return dict(zip(names, info.statistics["held_out_marks"], strict=True))
