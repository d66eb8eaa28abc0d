"""The answers of one example as they form: steps.json as frames, and what is new, right or wrong in each."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hrm.core.errors import DataError
from hrm.report.run_paths import WEIGHTS_IN_WORDS

Cells = NDArray[np.int64]  # (rows, columns) tokens
Flags = NDArray[np.bool_]  # (rows, columns)
KEYS = {"family", "input", "label", "predictions", "q_halt", "box", "grid_shape", "rating"} | {
    "test_example",
    "test_examples",
}


class Frame(NamedTuple):
    """An answer, read by the output head after one step of one segment; both count from 1."""

    segment: int
    step: int
    cells: Cells  # 0 where the label is padding
    halt: float | None  # probability, at the last step of a segment of a model that halts

    @property
    def place(self) -> tuple[int, int]:
        """(segment, step)."""
        return self.segment, self.step


class Film(NamedTuple):
    """One example with its answers in order."""

    family: str
    given: Cells
    target: Cells  # 0: padding, not counted
    frames: list[Frame]
    segments: int
    steps: int  # of a segment
    box: tuple[int, int] | None  # rows and columns of a Sudoku's box
    rating: int
    example: int  # counted from 0, of `examples`
    examples: int
    weights: str  # in words; empty where the file does not say

    def wrong(self, frame: Frame) -> int:
        """Number of counted cells that are not as in the target."""
        return int((frame.cells != self.target).sum())


class Marks(NamedTuple):
    """What is said of each cell of an answer; cells without a label are none of these.

    A cell can be new as well as right or wrong. Given cells, where the target equals the input, are right without
    saying so; one that the answer changed is wrong.
    """

    new: Flags
    right: Flags
    wrong: Flags


def read_film(steps: Any, source: str) -> Film:
    """The film of a steps.json; DataError when `steps` is of another kind, `source` being its name.

    Where the file holds no answers between the segments, a segment is one step.
    """
    if not isinstance(steps, Mapping) or not set(steps) >= KEYS or (steps["family"] == "sudoku" and not steps["box"]):
        raise DataError(f"{source}: is not a steps.json (hrm evaluate writes it)")
    shape = tuple(steps["grid_shape"])
    given, target = (np.array(steps[name]).reshape(shape) for name in ("input", "label"))
    last = np.array(steps["predictions"]).reshape(-1, 1, *shape)
    earlier = np.array(steps.get("earlier_steps") or [[]] * len(last), dtype=last.dtype).reshape(len(last), -1, *shape)
    answers = np.concatenate((earlier, last), axis=1)  # (segments, steps, rows, columns)
    answers = np.where(target > 0, answers, 0)
    count = answers.shape[1]
    frames = [
        Frame(segment + 1, step + 1, cells, _halt(steps["q_halt"], segment) if step + 1 == count else None)
        for segment, cells_of_segment in enumerate(answers)
        for step, cells in enumerate(cells_of_segment)
    ]
    box = tuple(steps["box"]) if steps["box"] else None
    numbers = (steps["rating"], steps["test_example"], steps["test_examples"])
    return Film(
        steps["family"],
        given,
        target,
        frames,
        len(answers),
        count,
        box,
        *numbers,
        WEIGHTS_IN_WORDS.get(steps.get("weights", ""), ""),
    )


def mark(film: Film, cells: Cells, before: Cells | None) -> Marks:
    """Marks of an answer beside the one before; None before the first, which fills every cell, so that none is new."""
    counted = film.target > 0
    new = np.zeros_like(counted) if before is None else counted & (cells != before)
    asked = counted & (film.target != film.given)
    return Marks(new, asked & (cells == film.target), counted & (cells != film.target))


def settled_frame(film: Film) -> int | None:
    """Index of the frame from which on every answer is right, or None."""
    settled = None
    for index in reversed(range(len(film.frames))):
        if film.wrong(film.frames[index]):
            break
        settled = index
    return settled


def choose_frames(film: Film, most: int) -> list[int]:
    """Indices of the frames to print: the first, those whose answer changed, the one that settles it.

    Up to the settling frame, or to the last where nothing settles; when more than `most` changed, evenly chosen ones
    of them, the first and the last included.
    """
    settled = settled_frame(film)
    last = len(film.frames) - 1 if settled is None else settled
    changed = [
        index
        for index in range(last + 1)
        if index in (0, last) or (film.frames[index].cells != film.frames[index - 1].cells).any()
    ]
    if len(changed) <= most:
        return changed
    places = np.linspace(0, len(changed) - 1, most).round().astype(int)
    return [changed[place] for place in places]


def _halt(logits: list[float] | None, segment: int) -> float | None:
    return None if logits is None else float(1 / (1 + np.exp(-logits[segment])))
