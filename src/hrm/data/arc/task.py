"""The tasks ARC: tasks by index with the plan of their augmentations, then the split that the published builder makes.

All pairs of a training part train, its test pairs too; of an evaluation part the demonstrations train and the test
pairs are held out. Both splits share plan rows and ids, so that an id means one augmented task everywhere.
"""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hrm.core.errors import DataError
from hrm.core.vote_schema import VoteParams
from hrm.data.arc.canonical import canonical_pair
from hrm.data.arc.collection import ArcTask, Pair, load_tasks, refuse_shared_tasks
from hrm.data.arc.encoding import VOCABULARY, decode, encode
from hrm.data.arc.group import code_name
from hrm.data.arc.params import ArcParams, ProgramParams
from hrm.data.arc.plan import augmentation_plan
from hrm.data.arc.programs import make_task
from hrm.data.arc.statistics import rating, statistics
from hrm.data.chunks import Report, in_chunks
from hrm.data.dataset import NONE, Dataset, DatasetInfo, Split, save_dataset
from hrm.data.shards import Arrays
from hrm.data.task import Augmenter, Exam, Examples, Measure, Measures, Task, to_both

if TYPE_CHECKING:
    from torch import Tensor

    from hrm.data.players import Player

NAME_BYTES = 64
CHUNK = 16  # tasks between two reports of progress


def _write(folder: Path, params: ArcParams, tasks: list[ArcTask], plan: NDArray[np.int32], dropped: int) -> DatasetInfo:
    refuse_shared_tasks(tasks)
    counts = (plan != NONE).sum(axis=1)
    first_ids = (1 + np.cumsum(counts) - counts).astype(np.int32)  # id 0 is blank, as in the published data
    held_out = np.array([task.held_out for task in tasks], dtype=np.bool_)
    side = params.largest_grid
    train = make_split([t.demonstrations if t.held_out else t.pairs for t in tasks], plan, first_ids, side)
    test = make_split([t.tests for t in tasks if t.held_out], plan[held_out], first_ids[held_out], side)
    known = len(tasks) + dropped if _made(params) is not None else len(load_tasks(tuple(params.parts), params.root))
    facts = {
        "task": params.task,
        "family": "arc",
        "vocabulary_size": VOCABULARY,
        "grid_shape": params.grid_shape,
        "puzzle_ids": int(counts.sum()) + 1,
        "group_names": {"train": [t.name for t in tasks], "test": [t.name for t in tasks if t.held_out]},
        "seed": params.seed,
        "generator": params.model_dump(),
        "statistics": statistics(tasks, plan, known, dropped),
    }
    return save_dataset(folder, train, test, facts)


def make_split(
    groups: Sequence[Sequence[Pair]], plan: NDArray[np.int32], first_ids: NDArray[np.int32], side: int
) -> Split:
    """A split of the pairs of each group, with the plan (groups, symmetries) and the first id (groups,) of each."""
    pairs = [pair for group in groups for pair in group]
    tokens = _encoded(pairs, side)
    numbers = np.repeat(np.arange(len(groups), dtype=np.int32), [len(group) for group in groups])
    return Split(tokens["inputs"], tokens["labels"], rating(pairs), numbers, plan, first_ids)


def _made(params: ArcParams) -> ProgramParams | None:
    """The parameters of tasks made by program, where those are the tasks."""
    return params.programs if params.parts[0].startswith("programs/") else None


def task_finder(params: ArcParams) -> Callable[[int], ArcTask]:
    """What gives task i."""
    made = _made(params)
    if made is not None:
        return lambda index: make_task(made, params.seed, index)
    return _fitting(params).__getitem__


def _fitting(params: ArcParams) -> list[ArcTask]:
    """The tasks whose grids all fit the canvas; DataError when there are none."""
    tasks = [task for task in load_tasks(tuple(params.parts), params.root) if task.side <= params.largest_grid]
    if not tasks:
        raise DataError(f"largest_grid is {params.largest_grid}; no task of {', '.join(params.parts)} fits that")
    return tasks


def _plan(task: ArcTask, params: ArcParams) -> NDArray[np.int32]:
    return augmentation_plan(task.pairs, task.name, params.seed, params.augmentations, params.retries)


def _encoded(pairs: Sequence[Pair], side: int) -> Arrays:
    tokens = np.array([[encode(grid, side) for grid in pair] for pair in pairs], np.uint8).reshape(-1, 2, side * side)
    return {"inputs": tokens[:, 0], "labels": tokens[:, 1]}


def _decoded(folder: Path, params: ArcParams, candidates: Arrays) -> list[ArcTask]:
    """The tasks that candidates hold; DataError for the first whose grids do not give its canvases again."""
    tasks = []
    for number, name in enumerate(candidates["names"]):
        rows = np.flatnonzero(candidates["tasks"] == number)
        tokens = [(candidates["inputs"][row], candidates["labels"][row]) for row in rows]
        pairs = [Pair(*(decode(canvas) for canvas in pair)) for pair in tokens]
        again = _encoded(pairs, params.largest_grid)
        same = all((again[key] == candidates[key][rows]).all() for key in again)
        tests = candidates["tests"][rows].astype(bool)
        if not (same and tests.any() and not tests[0]):
            raise DataError(f"{folder}: task {number} is damaged: its pairs are no grids with end marks")
        demonstrations = int(np.argmax(tests))
        part = params.parts[int(candidates["parts"][number])]
        text = name.tobytes().decode().rstrip()
        tasks.append(ArcTask(text, part, pairs[:demonstrations], pairs[demonstrations:]))
    return tasks


def _different(tasks: Sequence[ArcTask]) -> list[int]:
    """Numbers of the tasks that share no pair with an earlier one, but for a symmetry."""
    seen: set[bytes] = set()
    kept = []
    for number, task in enumerate(tasks):
        forms = {canonical_pair(pair) for pair in task.pairs}
        if not forms & seen:
            seen |= forms
            kept.append(number)
    return kept


class Arc(Task):
    """Grids of colours on a square canvas; each task has a puzzle id, and its augmented copies vote."""

    def candidate_count(self, params: ArcParams) -> int:
        """How many tasks there are, or are made so that enough stay when equivalent ones are dropped."""
        made = _made(params)
        if made is not None:
            return math.ceil((made.training + made.evaluation) * (1 + made.spare))
        return len(_fitting(params))

    def make_candidates(self, params: ArcParams, start: int, stop: int, workers: int, report: Report) -> Arrays:
        """Tasks start to stop - 1, each from (seed, its index) or its source alone, with their plans.

        names (tasks, 64) ASCII, parts (tasks,) index in params.parts, plan (tasks, 1 + augmentations) codes; and for
        their pairs, task by task, demonstrations first: inputs and labels (pairs, cells) tokens, tasks (pairs,) index,
        tests (pairs,) 1 for a test pair.
        """
        made = _made(params)
        find = task_finder(params)

        def make(chunk: range) -> list[tuple[ArcTask, NDArray[np.int32]]]:
            return [(task, _plan(task, params)) for task in map(find, chunk)]

        planned = [one for part in in_chunks(make, start, stop, CHUNK, workers, report) for one in part]
        tasks = [task for task, _ in planned]
        names = [list(task.name.encode().ljust(NAME_BYTES)) for task in tasks]
        parts: list[str] = [*params.parts]
        return {
            "names": np.array(names, np.uint8).reshape(-1, NAME_BYTES),
            "parts": np.array([parts.index(task.part) if made is None else 0 for task in tasks], dtype=np.uint8),
            "plan": np.array([plan for _, plan in planned], np.int32).reshape(-1, params.augmentations + 1),
            "tasks": np.repeat(np.arange(start, stop, dtype=np.int32), [len(task.pairs) for task in tasks]),
            "tests": np.array([i >= len(t.demonstrations) for t in tasks for i in range(len(t.pairs))], dtype=np.uint8),
            **_encoded([pair for task in tasks for pair in task.pairs], params.largest_grid),
        }

    def write_dataset(self, folder: Path, params: ArcParams, candidates: Arrays, workers: int) -> DatasetInfo:
        """Split and write the data set; tasks made by program are chosen in order of index, equivalent ones dropped.

        DataError when a task is damaged, when two have one name, or when too few tasks are left.
        """
        tasks = _decoded(folder, params, candidates)
        made = _made(params)
        kept = list(range(len(tasks)))
        if made is not None:
            kept = _different(tasks)[: made.training + made.evaluation]
            if len(kept) < made.training + made.evaluation:
                raise DataError(
                    f"{folder}: {len(tasks)} tasks made by program hold only {len(kept)} that share no pair, "
                    f"and programs.training + programs.evaluation is {made.training + made.evaluation}; raise "
                    "programs.spare"
                )
            tasks = [tasks[i] for i in kept]
            tasks = [task._replace(part="programs/training") for task in tasks[: made.training]] + [
                task._replace(part="programs/evaluation") for task in tasks[made.training :]
            ]
        chosen = [i for i, task in enumerate(tasks) if task.part in params.parts]
        dropped = 0 if made is None else kept[-1] + 1 - len(kept)
        plan = candidates["plan"][[kept[i] for i in chosen]]
        return _write(folder, params, [tasks[i] for i in chosen], plan, dropped)

    def encode(self, text: str, info: DatasetInfo) -> NDArray[np.uint8]:
        """Tokens (cells,) of a grid of colours 0 to 9, one line a row."""
        rows = text.split()
        side = info.grid_shape[0]
        if not rows or len({len(row) for row in rows}) > 1 or not "".join(rows).isdecimal():
            raise DataError("an ARC grid is written as lines of equal length of the digits 0 to 9")
        if max(len(rows), len(rows[0])) > side:
            raise DataError(f"the grid is {len(rows)}x{len(rows[0])}; this data set holds grids up to {side}x{side}")
        return encode(np.array([list(row) for row in rows], dtype=np.uint8), side)

    def augmenter(self, info: DatasetInfo) -> Augmenter:
        """Turns and colours; in training grids move on their canvas too."""
        from hrm.data.arc.symmetries import ArcSymmetries

        arc = ArcSymmetries(info.grid_shape[0])
        return Augmenter(to_both(arc.apply_tokens), lambda examples, draws: Examples(*arc.translate(*examples, draws)))

    def symmetry_name(self, code: int) -> str:
        """Turn and new colours."""
        return code_name(code)

    def check_test(self, trained: DatasetInfo, tested: DatasetInfo) -> None:
        """A model that trained on a task cannot be tested on it."""
        from hrm.data.arc.mixing import refuse_mixing

        refuse_mixing(trained, tested)

    def copies(self, dataset: Dataset, examples: int, votes: VoteParams) -> int:
        """Those of the plan that vote."""
        from hrm.data.arc.votes import all_copies

        return len(all_copies(dataset, examples, votes).codes)

    def measure(self, test: Exam) -> Measure:
        """pass@K of votes."""
        from hrm.data.arc.votes import arc_votes

        copies = self.copies(test.dataset, len(test.inputs), test.votes)
        if not copies:
            return super().measure(test)
        size = min(test.largest_batch, copies)

        def measures(player: "Player", answers: "Tensor", chance: bool) -> Measures:
            found = arc_votes(
                player, test.dataset, test.inputs, test.votes, test.segments, test.halts, size, test.confidence
            )
            return Measures(found.metrics, {"votes": found.rows}, {"submission": found.submission})

        return measures

    def solved(self, player: "Player", test: Exam, copies: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """By the votes of the first copies of each test input."""
        from hrm.data.arc.votes import arc_votes, solved

        votes = VoteParams(augmentations=copies, counts=[1], top=[1, 2], subsets=1, seed=0, block=test.votes.block)
        found = arc_votes(
            player, test.dataset, test.inputs, votes, test.segments, test.halts, test.batch_size, test.confidence
        )
        return solved(found.submission, test.dataset, len(test.inputs))


TASK = Arc()
