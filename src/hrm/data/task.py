"""What a task must offer, and what it may: the base of the objects TASK in hrm.data.FAMILY.task.

A task of a new kind is one folder: `params.py` with PARAMS, `task.py` with TASK, and `look.py` with LOOK if its grids
should be drawn as more than numbers. This module needs no PyTorch, and the task modules import it inside their methods:
making data needs none.
"""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hrm.core import discovery
from hrm.core.errors import DataError, ParameterError
from hrm.core.vote_schema import VoteParams
from hrm.data.chunks import Report
from hrm.data.dataset import Dataset, DatasetInfo
from hrm.data.shards import Arrays

if TYPE_CHECKING:
    from torch import Tensor

    from hrm.data.players import Player

Row = dict[str, float | int | str]  # of a CSV file


class Examples(NamedTuple):
    """Tokens on the device."""

    inputs: "Tensor"  # (batch, cells)
    labels: "Tensor"  # (batch, cells)


class Augmenter(NamedTuple):
    """The symmetries of a family of tasks, applied to whole batches; nothing waits for the device."""

    # Base examples under codes (batch,).
    apply: Callable[[Examples, "Tensor"], Examples]
    # Augmented examples moved on their canvas, in training only: `draws` (batch, 2) are uniform in [0, 1), and say how
    # far down and right of the room that both grids leave. None for tasks that do not move.
    translate: Callable[[Examples, "Tensor"], Examples] | None


class Symmetry(NamedTuple):
    """A group that acts on puzzles, for several tries at one."""

    most: int  # tries that differ
    codes: Callable[[int, int], "Tensor"]  # try, examples -> (examples,) codes; those of try 0 change nothing
    apply: Callable[["Tensor", "Tensor"], "Tensor"]  # codes (examples,), tokens (examples, cells) -> tokens
    inverse: Callable[["Tensor"], "Tensor"]


class Exam(NamedTuple):
    """What every player is asked, and how it is measured."""

    dataset: Dataset
    inputs: "Tensor"  # (examples, cells) tokens of the first test examples, on the device of the players
    rating: "Tensor"  # (examples,) difficulty, on the CPU
    segments: int  # after which an answer is taken
    halts: bool  # whether players learn when to halt; if not, all halt values count the same
    votes: VoteParams
    confidence: float  # of intervals
    batch_size: int  # of passes over the examples
    largest_batch: int  # of other passes


class Measures(NamedTuple):
    """What a task says of a player beyond its accuracy."""

    metrics: dict[str, float]
    tables: dict[str, list[Row]]  # NAME.csv
    files: dict[str, Any]  # NAME.json


# A player, its answers (examples, cells), and whether it is the one without a network -> its measures.
Measure = Callable[["Player", "Tensor", bool], Measures]


class Task:
    """A family of tasks.

    `candidate_count`, `make_candidates` and `write_dataset` are asked of each, the rest has an answer that fits most.
    Data sets hold tokens, of which 0 is padding: it counts neither for the loss nor for accuracy.
    """

    # The token of a cell that is to be filled, where a solution with few such cells is an easy puzzle.
    empty_token: int | None = None

    def candidate_count(self, params: Any) -> int:
        """How many candidates are made, so that enough stay when equivalent ones are dropped."""
        raise NotImplementedError

    def make_candidates(self, params: Any, start: int, stop: int, workers: int, report: Report) -> Arrays:
        """Candidates start to stop - 1; each depends on (seed, its index) alone, so that shards can be joined."""
        raise NotImplementedError

    def write_dataset(self, folder: Path, params: Any, candidates: Arrays, workers: int) -> DatasetInfo:
        """Check the candidates, drop equivalent ones, split the rest, and write the data set."""
        raise NotImplementedError

    def encode(self, text: str, info: DatasetInfo) -> NDArray[np.uint8]:
        """Input tokens (cells,) of a puzzle as people write it; DataError says what is wrong with it."""
        raise DataError(f"puzzles of family {info.family} have no form as text")

    def checked(self, text: str, allowed: str, info: DatasetInfo) -> str:
        """The puzzle without line breaks: one allowed character a cell, row by row."""
        cells = math.prod(info.grid_shape)
        found = "".join(text.splitlines())
        if len(found) != cells or not set(found) <= set(allowed):
            raise DataError(f"a puzzle of {info.task} has {cells} characters, each one of {allowed!r}")
        return found

    def import_puzzles(
        self, path: Path, options: Mapping[str, Any], folder: Path, role: str, workers: int
    ) -> DatasetInfo:
        """A data set whose split `role` holds the puzzles of a file, checked and rated; the other split is empty."""
        raise DataError(f"{path}: tasks of this family are read from no file")

    def augmenter(self, info: DatasetInfo) -> Augmenter:
        """The symmetries that the plan of the data set names; here none but the identity."""
        return Augmenter(lambda examples, codes: examples, None)

    def symmetry_name(self, code: int) -> str:
        """A symmetry as a published data set names it."""
        return str(code)

    def thinned(self, dataset: Dataset, every: int) -> Dataset:
        """The data set with only every n-th cell of each path labelled, where labels are paths of moves.

        Raises ParameterError when `every` is above 1 and they are not.
        """
        if every == 1:
            return dataset
        raise ParameterError(
            f"train.supervise_every is {every}; the labels of task {dataset.info.task} (family {dataset.info.family}) "
            "are no path of moves, so it must be 1"
        )

    def check_test(self, trained: DatasetInfo, tested: DatasetInfo) -> None:
        """Raise DataError when a model trained on one data set cannot be tested on the other."""

    def judge(self, inputs: "Tensor", answers: "Tensor", rating: "Tensor") -> dict[str, float]:
        """Shares of test examples that are right beyond the label, as any shortest path is; empty where none are.

        Args:
            inputs: (examples, cells) tokens.
            answers: (examples, cells) predicted tokens, on the same device.
            rating: (examples,) difficulty.
        """
        return {}

    def measure(self, test: Exam) -> Measure:
        """How players are measured; here by `judge` alone."""
        return lambda player, answers, chance: Measures(self.judge(test.inputs, answers, test.rating), {}, {})

    def copies(self, dataset: Dataset, examples: int, votes: VoteParams) -> int:
        """How many augmented copies of the first test examples `measure` asks of a player, beside them."""
        return 0

    def symmetry(self, info: DatasetInfo, seed: int) -> Symmetry | None:
        """Random symmetries for several tries at a puzzle; None where tries do not differ so."""
        return None

    def solved(self, player: "Player", test: Exam, copies: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]] | None:
        """Which test tasks are solved by the first answer and by one of the first two, when copies vote.

        None where answers are not voted on.

        Args:
            player: who answers.
            test: whose `votes.block` holds.
            copies: of each test input, itself included.
        """
        return None


def find_task(family: str) -> Task:
    """The object of a family; DataError when there is none."""
    known = discovery.families()
    if family not in known:
        raise DataError(f"there is no family of tasks {family!r}; known are {', '.join(known[:-1])} and {known[-1]}")
    task: Task = discovery.find(discovery.task_module(family), "TASK")
    return task


def augmenter(info: DatasetInfo) -> Augmenter:
    """The symmetries of a data set; DataError when its family is unknown."""
    return find_task(info.family).augmenter(info)


def to_both(apply_tokens: Callable[["Tensor", "Tensor"], "Tensor"]) -> Callable[[Examples, "Tensor"], Examples]:
    """What acts on inputs and on labels in the same way."""
    return lambda examples, codes: Examples(*(apply_tokens(codes, tokens) for tokens in examples))


def share(right: "Tensor") -> float:
    """Of true entries (examples,)."""
    return int(right.sum()) / len(right)
