"""Runs a network on test puzzles and keeps of its states what the analyses need, at most one batch of them whole."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from hrm.analysis.participation import Moments
from hrm.analysis.residuals import Step, residual
from hrm.evaluation.segments import Examples
from hrm.models.segment import SegmentModel
from hrm.models.trace import Call, first_states, trace_layers, trace_segments

# What counts as one state vector: the state at each position, or its mean over the positions.
Samples: TypeAlias = Literal["positions", "mean"]
SAMPLES: tuple[Samples, ...] = ("positions", "mean")


@dataclass(frozen=True)
class Plan:
    """How a network is run."""

    layers: bool  # steps are the layers of a network that answers in one call, else module calls
    segments: int
    trained_segments: int  # after which the network's answer is taken


@dataclass(frozen=True)
class Observed:
    """What was seen; tensors on the device of the model."""

    steps: list[Step]
    residuals: Tensor  # (steps, examples) float32
    norms: Tensor  # (steps, examples) float32 mean norm of the state after each step
    paths: list[Tensor]  # of each step (puzzles, length * hidden) float32, the first examples alone
    moments: dict[Samples, dict[str, Moments]]  # by state

    def of(self, state: str) -> list[int]:
        """The places of a state's steps."""
        return [place for place, step in enumerate(self.steps) if step.state == state]

    @property
    def states(self) -> list[str]:
        """Names of the states, H before L."""
        return sorted({step.state for step in self.steps})


def plan_of(model: SegmentModel, examples: Examples, trained_segments: int, least_steps: int) -> Plan:
    """Layers where the network answers in one call; else the segments of training, or what `least_steps` takes."""
    calls = len(next(iter(trace_segments(model, examples.inputs[:1], examples.puzzle_ids[:1], 1))).calls)
    if calls == 1 and trained_segments == 1:
        return Plan(True, 1, trained_segments)
    return Plan(False, max(trained_segments, math.ceil(least_steps / calls)), trained_segments)


def observe(model: SegmentModel, examples: Examples, plan: Plan, batch_size: int, puzzles: int) -> Observed:
    """Follow every state of every example.

    Args:
        model: in eval mode, on the device of `examples`.
        examples: one trajectory each.
        plan: how to run.
        batch_size: examples at a time.
        puzzles: so many of the first examples have their whole states kept.
    """
    count, device = len(examples.inputs), examples.inputs.device
    steps: list[Step] = []
    pairs: list[list[Tensor]] = []  # a batch, then a step: (2, batch)
    paths: list[list[Tensor]] = []
    moments: dict[Samples, dict[str, Moments]] = {kind: {} for kind in SAMPLES}
    for start in range(0, count, batch_size):
        rows = slice(start, min(start + batch_size, count))
        shown = max(0, min(puzzles, count) - start)
        seen, batch_pairs, batch_paths = [], [], []
        for step, before, call in _updates(model, examples, rows, plan):
            seen.append(step)
            batch_pairs.append(torch.stack(residual(before, call.state)))
            batch_paths.append(call.state[:shown].float().flatten(1))
            for kind in SAMPLES:
                vectors = call.state if kind == "positions" else call.state.float().mean(dim=1, keepdim=True)
                if call.name not in moments[kind]:
                    moments[kind][call.name] = Moments(count, vectors.shape[-1], device)
                moments[kind][call.name].add(rows, vectors)
        steps = seen
        pairs.append(batch_pairs)
        paths.append(batch_paths)
    stacked = torch.cat([torch.stack(batch) for batch in pairs], dim=2)  # (steps, 2, examples)
    kept = [torch.cat(parts) for parts in zip(*paths, strict=True)]
    return Observed(steps, stacked[:, 0], stacked[:, 1], kept, moments)


def _updates(model: SegmentModel, examples: Examples, rows: slice, plan: Plan) -> Iterator[tuple[Step, Tensor, Call]]:
    """Each update with the state before it."""
    inputs, puzzle_ids = examples.inputs[rows], examples.puzzle_ids[rows]
    trace = trace_layers if plan.layers else trace_segments
    before = {} if plan.layers else first_states(model, len(inputs), inputs.device)
    number = 0
    for segment in trace(model, inputs, puzzle_ids, plan.segments):
        for call in segment.calls:
            if call.name in before:
                number += 1
                yield Step(call.name, number, call.segment, call.cycle), before[call.name], call
            before[call.name] = call.state
