"""Which of several tries answers, without looking at the solution. Pure functions of what the tries gave.

best_halt       the highest halt value after the last segment (best-Q of arXiv 2605.19943)
first_to_halt   who halts first, the others stop with it (arXiv 2601.19085); if none halts, as best_halt
majority        the answer that most tries give, then the one of the highest mean halt value, as ARC's vote
any             nobody can choose so: right if some try is after the last segment
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hrm.analysis.tries import Tries


class Chosen(NamedTuple):
    """The answers of one way to choose, all (examples,)."""

    right: NDArray[np.bool_]
    segments: NDArray[np.int64]  # until the answer is there
    passes: NDArray[np.int64]  # segments of all tries together


def best_halt(tries: Tries) -> Chosen:
    """After the last segment the try that values halting most, the first of equal ones."""
    return _at_the_end(tries, tries.halt[:, -1].argmax(axis=0))


def first_to_halt(tries: Tries) -> Chosen:
    """The try that wants to halt at the earliest segment; of several the one that values it most."""
    count, segments, _ = tries.wants.shape
    stop = np.where(tries.wants.any(axis=1), tries.wants.argmax(axis=1), segments)  # (tries, examples)
    first = stop.min(axis=0)
    at = np.minimum(first, segments - 1)
    value = np.take_along_axis(tries.halt, at[None, None], axis=1)[:, 0]
    winner = np.where(stop == first, value, -np.inf).argmax(axis=0)
    right = tries.exact[winner, at, np.arange(len(at))]
    return Chosen(right, at + 1, count * (at + 1))


def majority(tries: Tries) -> Chosen:
    """The most frequent answer after the last segment, by the rule of hrm.data.arc.scores.ranking."""
    same = np.stack([(tries.answers == answer).all(axis=2) for answer in tries.answers])  # (tries, tries, examples)
    votes = same.sum(axis=1)
    value = (same * tries.halt[:, -1]).sum(axis=1) / votes
    leading = np.where(votes == votes.max(axis=0), value, -np.inf)
    # Equal answers add the same numbers in the same order, so that their values are equal bit for bit.
    return _at_the_end(tries, leading.argmax(axis=0))


def any_right(tries: Tries) -> Chosen:
    """Right where some try is right after the last segment."""
    chosen = _at_the_end(tries, tries.exact[:, -1].argmax(axis=0))
    return chosen._replace(right=np.asarray(tries.exact[:, -1].any(axis=0)))


# Those that ask the halt head need one that was trained.
BY_HALTING: dict[str, Callable[[Tries], Chosen]] = {"best_halt": best_halt, "first_to_halt": first_to_halt}
WITHOUT: dict[str, Callable[[Tries], Chosen]] = {"majority": majority, "any": any_right}


def of_first(tries: Tries, count: int) -> Tries:
    """The first `count` tries."""
    exact, halt, wants, answers = tries
    return Tries(exact[:count], halt[:count], wants[:count], answers[:count])


def _at_the_end(tries: Tries, winner: NDArray[np.int64]) -> Chosen:
    count, segments, examples = tries.exact.shape
    lengths = np.full(examples, segments)
    return Chosen(tries.exact[winner, -1, np.arange(examples)], lengths, count * lengths)
