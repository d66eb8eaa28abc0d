"""Several tries of one network at the same puzzles: with noise on its states, or at symmetric puzzles.

Noise is Gaussian, on every number of every state. The states have unit variance wherever a norm made them, so that a
deviation of 1 is as much noise as signal. It is added to the first states alone, or before every segment, as
Probabilistic TRM does (arXiv 2605.19943). A symmetric puzzle is solved as it is and its answer turned back, as in the
tests with other digits of arXiv 2601.10679 and 2601.19085.

Easy puzzles are solutions with a few cells emptied. A network that searches as people do fills one empty cell at once;
a trained HRM may fail to (arXiv 2601.10679).
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hrm.core.analysis_schema import NoiseParams
from hrm.core.schema import HaltingParams
from hrm.core.seeds import numpy_generator, torch_generator
from hrm.data.players import Player
from hrm.data.task import Symmetry
from hrm.evaluation.segments import Examples, SegmentRecord, record_segments
from hrm.models.halting import wants_halt


class Tries(NamedTuple):
    """What every try answered."""

    exact: NDArray[np.bool_]  # (tries, segments, examples) the whole answer is right
    halt: NDArray[np.float64]  # (tries, segments, examples) value of halting, 0 to 1; all 0 where none is trained
    wants: NDArray[np.bool_]  # (tries, segments, examples) the halt head says that it should stop
    answers: NDArray[np.uint8]  # (tries, examples, cells) after the last segment, to the puzzle as it is given


class Noisy:
    """A network whose states get noise; each has a stream of its own on the device of the states."""

    def __init__(self, model: Player, noise: NoiseParams, seed: int, number: int) -> None:
        self.model, self.noise = model, noise
        self._seed, self._number = seed, number
        self._generator: torch.Generator | None = None

    def initial_carry(self, batch: int, device: torch.device) -> Any:
        """First states of fresh examples, noisy where the noise is on the start."""
        if self._generator is None:
            self._generator = torch_generator(self._seed, "noise on states", device, self._number)
        carry = self.model.initial_carry(batch, device)
        return self._noisy(carry) if self.noise.place == "start" else carry

    def __call__(self, carry: Any, inputs: Tensor, puzzle_ids: Tensor) -> tuple[Any, Tensor, Tensor]:
        """One segment."""
        return self.model(self._noisy(carry) if self.noise.place == "every_segment" else carry, inputs, puzzle_ids)

    def _noisy(self, carry: Any) -> Any:
        return type(carry)(*(state + self.noise.deviation * self._drawn(state) for state in carry))

    def _drawn(self, state: Tensor) -> Tensor:
        return torch.randn(state.shape, generator=self._generator, device=state.device, dtype=state.dtype)


def noisy_tries(
    model: Player,
    examples: Examples,
    halting: HaltingParams,
    tries: int,
    noise: NoiseParams,
    seed: int,
    batch_size: int,
) -> Tries:
    """Tries that differ by their noise alone. The batch size decides which noise an example gets."""
    segments = halting.evaluated_segments
    networks = (Noisy(model, noise, seed, number) for number in range(tries))
    records = (record_segments(network, examples, segments, batch_size, segments) for network in networks)
    return _stack([(record, record.answers) for record in records], halting)


def symmetric_tries(
    model: Player,
    examples: Examples,
    halting: HaltingParams,
    tries: int,
    symmetry: Symmetry,
    batch_size: int,
) -> Tries:
    """Tries at symmetric puzzles, at most as many as differ; the first one is the puzzle as it is given."""
    segments = halting.evaluated_segments

    def turned() -> Iterator[tuple[SegmentRecord, Tensor]]:
        for number in range(min(tries, symmetry.most)):
            codes = symmetry.codes(number, len(examples.inputs)).to(examples.inputs.device)
            inputs, labels = (symmetry.apply(codes, tokens) for tokens in examples[:2])
            moved = Examples(inputs, labels, examples.puzzle_ids)
            record = record_segments(model, moved, segments, batch_size, segments)
            yield record, symmetry.apply(symmetry.inverse(codes).cpu(), record.answers)

    return _stack(list(turned()), halting)


def _stack(made: Sequence[tuple[SegmentRecord, Tensor]], halting: HaltingParams) -> Tries:
    q = torch.stack([record.q for record, _ in made])  # (tries, segments, examples, 2)
    wants = wants_halt(q.reshape(-1, 2), halting).view(q.shape[:-1])
    halt = torch.zeros_like(q[..., 0]) if halting.rule == "fixed" else q[..., 0].sigmoid()
    exact = torch.stack([record.exact for record, _ in made])
    answers = torch.stack([answer for _, answer in made])
    return Tries(exact.numpy(), halt.double().numpy(), wants.numpy(), answers.numpy())


def emptying_order(examples: int, cells: int, seed: int) -> Tensor:
    """(examples, cells) in which order the cells of each puzzle are emptied: random, the same for every number."""
    draws = numpy_generator(seed, "empty cells").random((examples, cells))
    return torch.from_numpy(np.argsort(draws, axis=1, kind="stable"))


def with_empty_cells(examples: Examples, order: Tensor, count: int, empty: int) -> Examples:
    """The solutions with the first `count` cells of `order` (examples, cells) set to `empty`; labels stay."""
    chosen = order[:, :count].to(examples.labels.device)
    inputs = examples.labels.scatter(1, chosen, empty)
    return Examples(inputs, examples.labels, examples.puzzle_ids)
