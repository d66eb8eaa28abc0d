"""From votes to the scores of ARC: pass@K in both scorings, and how it grows with the number of votes. Pure functions.

The vote is that of the published evaluation: answers in the order of how many copies gave them, then of the mean halt
value of those copies, then of which came first. A task counts when all its test inputs are right among the first K (HRM
paper), or by the share of them that are (TRM paper, ARC Prize).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hrm.core.intervals import wilson_interval
from hrm.core.seeds import numpy_generator
from hrm.core.vote_schema import VoteParams
from hrm.data.task import Row

NOWHERE = np.iinfo(np.int64).max  # the place of an answer that nobody gave
SCORINGS = ("task_score", "input_score")


class Ballot(NamedTuple):
    """The votes on one test input."""

    task: int
    numbers: NDArray[np.int64]  # (copies,) of the answer that each copy gave
    halts: NDArray[np.float64]  # (copies,) value of halting with it, 0 to 1
    right: int  # number of the right answer


class Scores(NamedTuple):
    """Share of the tasks, by both scorings."""

    tasks: float  # all test inputs of a task are right
    inputs: float  # a task counts by the share of its test inputs


def ranking(numbers: NDArray[np.int64], halts: NDArray[np.float64]) -> NDArray[np.int64]:
    """The answers that were given, by their numbers, best first: (answers,); of `numbers` and `halts` (votes,)."""
    counts = np.bincount(numbers)
    means = np.bincount(numbers, weights=halts) / np.maximum(counts, 1)
    return np.lexsort((-means, -counts))[: np.count_nonzero(counts)]


def place_of(right: int, numbers: NDArray[np.int64], halts: NDArray[np.float64]) -> int:
    """How many answers stand before the right one; NOWHERE if nobody gave it."""
    found = np.flatnonzero(ranking(numbers, halts) == right)
    return int(found[0]) if len(found) else NOWHERE


def scores(places: NDArray[np.int64], tasks: NDArray[np.int64], top: int) -> Scores:
    """pass@`top` of test inputs whose right answers have `places` (inputs,) and that belong to `tasks` (inputs,)."""
    right = np.bincount(tasks, weights=places < top)
    inputs = np.bincount(tasks)
    known = inputs > 0
    shares = right[known] / inputs[known]
    return Scores(float((shares == 1).mean()), float(shares.mean()))


def vote_rows(ballots: Sequence[Ballot], params: VoteParams, confidence: float) -> list[Row]:
    """A row a number of votes and K: scores with their intervals.

    Fewer votes than there are: means over `params.subsets` random choices of copies, the same for all test inputs of a
    task; `_least` and `_most` are the lowest and the highest score of any choice. `_low` and `_high` are Wilson's
    interval over tasks. Test inputs with fewer copies vote with all they have.
    """
    tasks = np.array([ballot.task for ballot in ballots], dtype=np.int64)
    most = max(len(ballot.numbers) for ballot in ballots)
    rows = []
    for votes in [*(count for count in params.counts if count < most), most]:
        subsets = params.subsets if votes < most else 1
        drawn = [_places(ballots, votes, params.seed, subset) for subset in range(subsets)]
        for top in params.top:
            found = np.array([scores(places, tasks, top) for places in drawn])  # (subsets, 2)
            row: Row = {"votes": votes, "k": top, "subsets": subsets}
            row |= {"tasks": len(np.unique(tasks)), "test_inputs": len(tasks)}
            for name, values in zip(SCORINGS, found.T, strict=True):
                row |= _described(name, values, len(np.unique(tasks)), confidence)
            rows.append(row)
    return rows


def _places(ballots: Sequence[Ballot], votes: int, seed: int, subset: int) -> NDArray[np.int64]:
    """Places of the right answers (inputs,) when a random choice of `votes` copies votes; it holds those of fewer."""
    places = []
    for ballot in ballots:
        copies = len(ballot.numbers)
        chosen = np.arange(copies)
        if votes < copies:
            # By the task alone, so that all its test inputs have the same copies, and by no other task.
            generator = numpy_generator(seed, f"votes of task {ballot.task}, choice {subset}")
            chosen = np.sort(generator.permutation(copies)[:votes])
        places.append(place_of(ballot.right, ballot.numbers[chosen], ballot.halts[chosen]))
    return np.array(places, dtype=np.int64)


def _described(name: str, values: NDArray[np.float64], tasks: int, confidence: float) -> Row:
    mean = min(float(values.mean()), 1.0)
    low, high = wilson_interval(mean * tasks, tasks, confidence)
    spread = {f"{name}_least": float(values.min()), f"{name}_most": float(values.max())}
    return {name: mean, f"{name}_low": low, f"{name}_high": high, **spread}
