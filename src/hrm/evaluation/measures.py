"""What a record of segments says: accuracy, halting, difficulty, and the example to show. Pure functions."""

from dataclasses import dataclass

import torch
from torch import Tensor

from hrm.core.intervals import wilson_interval
from hrm.core.schema import HaltingParams
from hrm.evaluation.segments import SegmentRecord
from hrm.models.halting import wants_halt

Row = dict[str, float | int | str]

EXAMPLE_RULE = (
    "the first test example in order that is solved at the judged segment and needs the most segments to become stably "
    "right; the first test example if none is solved"
)


@dataclass(frozen=True)
class Halting:
    """What happens if every example stops where its halt head says so, at a limit at the latest."""

    accuracy: float  # share of examples that are exactly right where they stop
    mean_steps: float  # segments
    correct_halts: float | None  # of those that halted by themselves, the share exactly right; None if none did
    halted_share: float  # share that halted by its own decision, there or before


def share(values: Tensor) -> float:
    """Share of True among booleans of any shape; exact, as it counts in integers."""
    return int(values.sum()) / values.numel()


def segment_rows(record: SegmentRecord, params: HaltingParams, layers: int, confidence: float) -> list[Row]:
    """One row a segment count s = 1, 2, ...: accuracies of the answer after segment s.

    exact_accuracy = examples with every counted cell right / examples; cell_accuracy = right cells / counted cells;
    open_accuracy = right open cells / open cells (both over all examples together). Only the first has an interval
    (Wilson): cells of one puzzle are not independent. mean_steps and halting_accuracy are those of examples that may
    halt before s; without a halting rule they are s and exact_accuracy. `layers` passes through layers make a segment.
    """
    rows = []
    examples = record.exact.shape[1]
    cells, open_cells = int(record.cells.sum()), int(record.open_cells.sum())
    for index in range(len(record.exact)):
        solved = int(record.exact[index].sum())
        low, high = wilson_interval(solved, examples, confidence)
        row: Row = {"segments": index + 1, "trained_segments": params.max_segments, "examples": examples}
        row |= {"exact_accuracy": solved / examples, "exact_accuracy_low": low, "exact_accuracy_high": high}
        row["cell_accuracy"] = int(record.cells_right[index].sum()) / max(cells, 1)
        row["open_accuracy"] = int(record.open_right[index].sum()) / max(open_cells, 1)
        halted = halting(record, params, index + 1)
        row |= {"mean_steps": halted.mean_steps, "halting_accuracy": halted.accuracy, "layers_a_segment": layers}
        rows.append(row)
    return rows


def halting(record: SegmentRecord, params: HaltingParams, limit: int) -> Halting:
    """Stop each example at the first segment up to `limit` whose halt logit says so, else there.

    The halt head decides as in training, without exploration: halt > continue, or halt > 0 when the continue value is
    not trained. The published evaluation never halts early; the paper's figure 5 does.
    """
    q = record.q[:limit]  # (segments, examples, 2)
    exact = record.exact[: len(q)]
    wants = wants_halt(q.reshape(-1, 2), params).view(exact.shape)
    by_itself = wants.any(dim=0)
    # argmax of 0 and 1 is the first 1.
    stop = torch.where(by_itself, wants.int().argmax(dim=0), len(q) - 1)
    right = exact.gather(0, stop[None])[0]
    halted = int(by_itself.sum())
    return Halting(
        accuracy=share(right),
        mean_steps=int((stop + 1).sum()) / len(stop),
        correct_halts=int((right & by_itself).sum()) / halted if halted else None,
        halted_share=share(by_itself),
    )


def difficulty_rows(exact: Tensor, rating: Tensor, edges: list[int], confidence: float) -> list[Row]:
    """Exact accuracy (examples,) by rating (examples,) in bins lower <= rating <= upper; empty bins are left out."""
    rows = []
    for index, lower in enumerate(edges):
        upper = edges[index + 1] - 1 if index + 1 < len(edges) else None
        chosen = (rating >= lower) if upper is None else (rating >= lower) & (rating <= upper)
        examples, solved = int(chosen.sum()), int(exact[chosen].sum())
        if not examples:
            continue
        low, high = wilson_interval(solved, examples, confidence)
        row: Row = {"rating_from": lower, "rating_to": "" if upper is None else upper, "examples": examples}
        rows.append(row | {"exact_accuracy": solved / examples, "exact_accuracy_low": low, "exact_accuracy_high": high})
    return rows


def settled_segment(exact: Tensor) -> Tensor:
    """(segments, examples) bool -> (examples,) the segment from which on the answer stays right; 0 where it is not."""
    # Counted from the end: how many segments in a row are right, up to the last one.
    run = exact.int().flip(0).cumprod(dim=0).sum(dim=0)
    return torch.where(run > 0, len(exact) - run + 1, 0)


def example_to_show(exact: Tensor) -> int:
    """Number of the example that EXAMPLE_RULE names; `exact` is (judged segments, examples)."""
    # torch's argmax does not promise the first of equal values, numpy's does.
    return int(settled_segment(exact).numpy().argmax())
