"""Runs a model on every test example, segment after segment, and keeps what the measures need."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from hrm.data.players import Player, batch_rows, batch_starts, predictions

PADDING = 0  # token of cells outside the grid: they are not counted (ARCHITECTURE, "Published formats")


class Examples(NamedTuple):
    """What a model is measured on, all on one device."""

    inputs: Tensor  # (examples, cells) tokens
    labels: Tensor  # (examples, cells) tokens
    puzzle_ids: Tensor  # (examples,) long


@dataclass(frozen=True)
class SegmentRecord:
    """What is known of every example after every segment; on the CPU.

    Cells whose label is padding are not counted. Open cells are those whose answer differs from the input: the empty
    ones of a Sudoku, the path of a maze.
    """

    exact: Tensor  # (segments, examples) bool: all counted cells right
    cells_right: Tensor  # (segments, examples) int32
    open_right: Tensor  # (segments, examples) int32
    q: Tensor  # (segments, examples, 2) float32 logits (halt, continue)
    cells: Tensor  # (examples,) int32 counted cells
    open_cells: Tensor  # (examples,) int32
    answers: Tensor  # (examples, cells) uint8 predicted tokens after the segment that was asked for


@torch.inference_mode()
def record_segments(
    model: Player,
    examples: Examples,
    segments: int,
    batch_size: int,
    answer_after: int,
    bar: Iterable[int] | None = None,
) -> SegmentRecord:
    """Run `segments` segments on all examples without halting any.

    Args:
        model: in eval mode, on the device of `examples`.
        examples: what to run it on.
        segments: how many segments each example gets.
        answer_after: the segment, counted from 1, whose predictions are kept.
        batch_size: every batch has this size; the last one is filled up with its first example and cut, so that a
            compiled model sees one shape.
        bar: the starts of the batches wrapped in a progress bar, or None.

    Returns:
        The record. The device is waited for once, at the end.
    """
    inputs, labels, puzzle_ids = examples
    count, device = len(inputs), inputs.device
    counts = torch.zeros(3, segments, count, dtype=torch.int32, device=device)
    q_values = torch.zeros(segments, count, 2, dtype=torch.float32, device=device)
    answers = torch.zeros(inputs.shape, dtype=torch.uint8, device=device)
    counted = labels != PADDING
    is_open = counted & (inputs != labels)
    for start in bar if bar is not None else batch_starts(count, batch_size):
        rows = batch_rows(start, count, batch_size, device)
        kept = min(batch_size, count - start)
        target, counts_here, open_here = labels[rows], counted[rows], is_open[rows]
        here = slice(start, start + kept)
        for segment, (prediction, q) in enumerate(predictions(model, inputs[rows], puzzle_ids[rows], segments)):
            if segment + 1 == answer_after:
                answers[here] = prediction[:kept].to(torch.uint8)
            right = (prediction == target) & counts_here
            counts[0, segment, here] = (right == counts_here).all(dim=1)[:kept].int()
            counts[1, segment, here] = right.sum(dim=1)[:kept].int()
            counts[2, segment, here] = (right & open_here).sum(dim=1)[:kept].int()
            q_values[segment, here] = q[:kept]
    totals = torch.stack((counted.sum(dim=1), is_open.sum(dim=1))).int().cpu()
    exact, cells_right, open_right = counts.cpu().unbind()
    return SegmentRecord(exact.bool(), cells_right, open_right, q_values.cpu(), totals[0], totals[1], answers.cpu())


@torch.inference_mode()
def record_example(
    model: Player, examples: Examples, example: int, segments: int, batch_size: int
) -> tuple[Tensor, Tensor]:
    """Predictions (segments, cells) and logits (segments, 2) of one example, in the batch that it was measured in."""
    start = example // batch_size * batch_size
    inputs, _, puzzle_ids = examples
    rows = batch_rows(start, len(inputs), batch_size, inputs.device)
    steps = [
        (prediction[example - start], q[example - start])
        for prediction, q in predictions(model, inputs[rows], puzzle_ids[rows], segments)
    ]
    cells, values = zip(*steps, strict=True)
    return torch.stack(cells).cpu(), torch.stack(values).cpu()
