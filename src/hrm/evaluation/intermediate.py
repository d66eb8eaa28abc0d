"""What a model would answer between its segments (figure 7 of the paper): its answer head on every state it reads from.

One step is one update of the state that the answer is read from: of HRM and TRM a cycle, of the other networks a call
of their module or a refinement.
"""

import torch
from torch import Tensor

from hrm.data.players import batch_rows
from hrm.evaluation.segments import Examples
from hrm.models.segment import SegmentModel
from hrm.models.trace import decode, trace_segments

ANSWERING = ("H", "core")  # names of the states that the head reads, in a trace


def earlier_answers(
    model: SegmentModel, examples: Examples, example: int, segments: int, batch_size: int
) -> list[list[list[int]]]:
    """Likeliest tokens of one example [segment][step][cell], without each segment's last step: that is its prediction.

    The example runs in the batch that it was measured in, so that on a CPU nothing is rounded otherwise.
    """
    start = example // batch_size * batch_size
    rows = batch_rows(start, len(examples.inputs), batch_size, examples.inputs.device)
    traced = trace_segments(model, examples.inputs[rows], examples.puzzle_ids[rows], segments)
    answers = []
    for segment in traced:
        states = [call.state for call in segment.calls if call.name in ANSWERING]
        answers.append([_tokens(model, state[example - start]).tolist() for state in states[:-1]])
    return answers


def _tokens(model: SegmentModel, state: Tensor) -> Tensor:
    """(length, hidden) -> (cells,) likeliest tokens."""
    return torch.argmax(decode(model, state[None])[0], dim=-1)
