"""Everything a network goes through on its way to an answer: its states after every module call, or every layer.

The models tell `SegmentModel.observer` of each state as they make it, so nothing of their forward passes is written
twice; without an observer they do what they always do. A trace runs the plain forward pass, never a compiled one.

    H, L    the two states of HRM and of TRM (its y and z), after each update
    core    the one state of the other networks, after each call or refinement
    layer   with `trace_layers`, what goes into the first block (cycle 0) and what comes out of each (cycle 1, 2, ...)
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from hrm.models.layers import Layer
from hrm.models.segment import Observer, SegmentModel


class Call(NamedTuple):
    """One state on the way."""

    name: str  # H, L, core or layer
    segment: int  # from 1
    cycle: int  # from 1 within the segment: the cycle, the call where there is one state, or the layer
    state: Tensor  # (batch, puzzle length + cells, hidden), in the network's dtype, on its device


class TracedSegment(NamedTuple):
    """One segment: what it went through, and what it answered."""

    calls: list[Call]  # in the order in which they were made
    logits: Tensor  # (batch, cells, vocabulary)
    q: Tensor  # (batch, 2) halt and continue


@contextmanager
def observed(model: SegmentModel, observer: Observer) -> Iterator[None]:
    """Within the context, each state is passed to `observer` as it is made: (name, cycle, state)."""
    model.observer = observer
    try:
        yield
    finally:
        model.observer = None


def first_states(model: SegmentModel, batch: int, device: torch.device) -> dict[str, Tensor]:
    """The states (batch, length, hidden) before the first call, by the names that calls have."""
    names = ("H", "L") if len(model.states._fields) == 2 else ("core",)
    carry = model.initial_carry(batch, device)
    return dict(zip(names, carry[: len(names)], strict=True))


def trace_segments(model: SegmentModel, inputs: Tensor, puzzle_ids: Tensor, segments: int) -> Iterator[TracedSegment]:
    """Run `segments` segments on fresh examples without a gradient; one item a segment, so that memory holds one.

    Args:
        model: in eval mode.
        inputs: (batch, cells) tokens, on the device of the model.
        puzzle_ids: (batch,) row of the puzzle table.
        segments: how many.
    """
    carry = model.initial_carry(len(inputs), inputs.device)
    tokens = inputs.long()
    for segment in range(1, segments + 1):
        calls: list[Call] = []

        def keep(name: str, cycle: int, state: Tensor, calls: list[Call] = calls, segment: int = segment) -> None:
            calls.append(Call(name, segment, cycle, state))

        with observed(model, keep), torch.inference_mode():
            carry, logits, q = model.forward(carry, tokens, puzzle_ids)
        yield TracedSegment(calls, logits, q)


def trace_layers(model: SegmentModel, inputs: Tensor, puzzle_ids: Tensor, segments: int) -> Iterator[TracedSegment]:
    """As `trace_segments`, with the layers in place of the module calls, counted through all calls of a segment.

    A network without blocks (`rnn`) has none: its segments come without calls.
    """
    calls: list[Call] = []
    segment = 0

    def keep(block: nn.Module, given: tuple[Any, ...], result: Any) -> None:
        after = result[0] if isinstance(result, tuple) else result
        if not calls:
            calls.append(Call("layer", segment, 0, given[0]))
        calls.append(Call("layer", segment, len(calls), after))

    carry = model.initial_carry(len(inputs), inputs.device)
    tokens = inputs.long()
    handles = [block.register_forward_hook(keep) for block in model.modules() if isinstance(block, Layer)]
    try:
        while segment < segments:
            segment += 1
            with torch.inference_mode():
                carry, logits, q = model.forward(carry, tokens, puzzle_ids)
            yield TracedSegment(list(calls), logits, q)
            calls.clear()
    finally:
        for handle in handles:
            handle.remove()


def decode(model: SegmentModel, state: Tensor) -> Tensor:
    """Logits (batch, cells, vocabulary) that the answer head reads from any state (batch, length, hidden)."""
    with torch.inference_mode():
        logits: Tensor = model.head(state[:, model.embedding.puzzle_length :])
    return logits
