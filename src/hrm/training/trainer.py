"""One training as an object: everything that a step changes, so that it can be saved and set back exactly."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeVar, cast

import torch
from torch import Tensor

from hrm.core.device import needs_fp8
from hrm.core.errors import CheckpointError
from hrm.core.schema import RunParams
from hrm.core.seeds import derive_seed
from hrm.data.batches import Batch, Curriculum, Draws, TrainBatches
from hrm.data.dataset import Dataset
from hrm.data.task import find_task
from hrm.models.halting import HaltingDraws, decide_halt, halting_loss
from hrm.models.segment import States
from hrm.training.checkpoint import model_from_facts
from hrm.training.losses import answer_accuracy, answer_loss
from hrm.training.optimizers import FlatParameters, Optimizer, Rates, sign_sgd
from hrm.training.parallel import ALONE, Group
from hrm.training.schedule import Schedule
from hrm.training.step_graph import StepGraph
from hrm.training.transfer import Start, take_over

# Sums since the last log row; those of answers count finished examples alone, as the published code reports them.
SUMS = ("loss", "finished", "cell_accuracy", "exact_accuracy", "q_halt_accuracy", "steps")

F = TypeVar("F", bound=Callable[..., Any])


class TrainCarry(NamedTuple):
    """What goes on from segment to segment: a batch of examples, each at its own step."""

    states: States
    batch: Batch
    steps: Tensor  # (batch,) int32 segments taken
    halted: Tensor  # (batch,) bool: replaced by a fresh example before the next segment


class StepInputs(NamedTuple):
    """What a step takes from the host."""

    draws: Draws
    rates: Rates
    halting: HaltingDraws
    progress: Tensor  # (scalar) share of the training that is done


class Trainer:
    """Deep supervision (section 2): each step is one segment of every example in the batch, and one update.

    Of several processes each holds its part of the batch and all else whole.
    """

    def __init__(
        self,
        params: RunParams,
        facts: dict[str, Any],
        dataset: Dataset,
        device: torch.device,
        group: Group = ALONE,
        start: Start | None = None,
    ) -> None:
        self.params, self.facts, self.device, self.group = params, facts, device, group
        self.part = group.part(params.train.batch_size)
        self.model = model_from_facts(params, facts).to(device)
        if start is not None:
            take_over(self.model, start, params.transfer.frozen)
        self.flat = FlatParameters(self.model, self.model.dtype)
        if params.train.no_grad_matmul == "fp8":
            needs_fp8(device)
            self.flat.keep_fp8(self.model)
        self.optimizer = Optimizer(self.flat, params.optimizer)
        # Where all examples of a batch halt together, a new batch is drawn only then.
        self.period = params.halting.max_segments if params.halting.rule == "fixed" else 1
        curriculum = Curriculum(
            params.train.curriculum.start,
            params.train.curriculum.until * params.train.steps * params.train.batch_size / self.period,
        )
        dataset = find_task(dataset.info.family).thinned(dataset, params.train.supervise_every)
        self.batches = TrainBatches(dataset, params.train.batch_size, facts["seed"], device, curriculum, self.part)
        self.draws: Draws | None = None
        self.schedule = Schedule(params, facts["seed"], device, self.part)
        compiled = params.train.compile and device.type == "cuda"
        self.segment = _faster(self._segment, compiled)
        self.update = _faster(self.optimizer.step, compiled)
        # Several processes: the exchange and the update stay outside the recording. NCCL can be recorded, but a
        # communicator that was cannot be left (pytorch issue 115388), and captures of it were seen to deadlock.
        recorded = self._step if group.size == 1 else self._learn
        self._run = StepGraph(recorded) if params.train.cuda_graph and device.type == "cuda" else recorded
        self.step = 0
        # Dropout and noise depend on (seed, step) alone, so that a resumed training draws the same.
        self.random = params.model.dropout > 0 or params.model.state_noise > 0
        self.sums = torch.zeros(len(SUMS), dtype=torch.float64, device=device)
        self.bad_step = torch.zeros((), dtype=torch.int64, device=device)  # first step whose loss was not finite
        self.steps_noted = torch.zeros_like(self.bad_step)
        self.carry = self._first_carry()
        table = self.model.embedding.puzzle_table
        self.row_gradients = table.new_zeros((len(self.carry.steps), table.shape[1]))

    def _first_carry(self) -> TrainCarry:
        size, cells = self.part.stop - self.part.start, self.batches.examples.inputs.shape[1]
        zeros = partial(torch.zeros, dtype=torch.long, device=self.device)
        batch = Batch(zeros(size, cells), zeros(size, cells), zeros(size))
        steps = torch.zeros(size, dtype=torch.int32, device=self.device)
        halted = torch.ones(size, dtype=torch.bool, device=self.device)
        return TrainCarry(self.model.initial_carry(size, self.device), batch, steps, halted)

    def learning_rate(self) -> float:
        """Of the step to come."""
        return self.schedule.learning_rate(self.step)

    def advance(self) -> None:
        """One segment and one update; nothing waits for the device."""
        if self.draws is None or self.step % self.period == 0:
            self.draws = self.batches.next()
        if self.random:
            index = self.step * self.group.size + self.group.rank
            torch.manual_seed(derive_seed(self.facts["seed"], "noise", index))
        rates, halting = self.schedule.at(self.step)
        inputs = StepInputs(self.draws, rates, halting, self.schedule.progress(self.step))
        self.carry = self._run(inputs, self.carry)
        if self.group.size > 1:
            self._apply(rates, self.carry)
        self.step += 1

    def _step(self, given: StepInputs, old: TrainCarry) -> TrainCarry:
        """All that happens on the device: changes weights, averages and sums in place, and gives the next carry."""
        carry = self._learn(given, old)
        self._apply(given.rates, carry)
        return carry

    def _learn(self, given: StepInputs, old: TrainCarry) -> TrainCarry:
        """One segment: gradients of this process' share of the mean loss, sums, and the next carry."""
        self.model.set_progress(given.progress)
        fresh = self.batches.make(given.draws)
        batch = Batch(*(_swap(old.halted, new, kept) for new, kept in zip(fresh, old.batch, strict=True)))
        steps = torch.where(old.halted, 0, old.steps) + 1
        table = self.model.embedding.puzzle_table
        rows = table[batch.puzzle_ids].requires_grad_()
        loss, states, q, cells, exact = self.segment(old, batch, steps, rows)
        loss.backward(torch.full_like(loss, 1.0 / self.group.size))  # type: ignore[no-untyped-call]
        with torch.no_grad():
            halted = decide_halt(q, steps, given.halting, self.params.halting)
            self._note(loss, halted, cells, exact, q, steps)
            if rows.grad is not None:
                self.row_gradients.copy_(rows.grad)
        return TrainCarry(states, batch, steps, halted)

    def _apply(self, rates: Rates, carry: TrainCarry) -> None:
        """One update from the gradients of all processes."""
        table = self.model.embedding.puzzle_table
        self.group.add(self.flat.gradients)
        self.update(rates)
        ids = carry.batch.puzzle_ids
        sign_sgd(table, ids, self.row_gradients, rates.puzzle_keep, rates.puzzle_step, self.group)

    def _segment(
        self, old: TrainCarry, batch: Batch, steps: Tensor, rows: Tensor
    ) -> tuple[Tensor, States, Tensor, Tensor, Tensor]:
        """What is differentiated: loss (scalar), next states, Q values (batch, 2), right cells and exact (batch,)."""
        states = self.model.reset(old.states, old.halted)
        (states, logits, q), cost = self.model.forward_with_cost(states, batch.inputs, batch.puzzle_ids, rows)
        loss = answer_loss(logits, batch.labels, self.params.train)
        cells, exact = answer_accuracy(logits, batch.labels)
        further = None
        if self.params.halting.further_pass:
            with torch.no_grad():
                further = self._further(states, batch, rows)
        halting = halting_loss(q, loss, exact, steps, further, self.params.halting)
        if halting is not None:
            loss = loss + self.params.halting.loss_weight * halting
        mean = loss.mean() if cost is None else loss.mean() + cost
        return mean, states, q, cells, exact

    def _further(self, states: States, batch: Batch, rows: Tensor) -> Tensor:
        """What the halting rule asks of one more segment: Q values (batch, 2), or the cell loss (batch,)."""
        if self.params.halting.rule == "q_learning":
            return self.model.bootstrap(states, batch.inputs, batch.puzzle_ids, rows)
        _, logits, _ = self.model(states, batch.inputs, batch.puzzle_ids, rows)
        return answer_loss(logits, batch.labels, self.params.train)

    def _note(self, loss: Tensor, halted: Tensor, cells: Tensor, exact: Tensor, q: Tensor, steps: Tensor) -> None:
        q_right = (q[:, 0] >= 0) == exact
        answers = torch.stack((torch.ones_like(cells), cells, exact, q_right, steps), dim=1) * halted[:, None]
        mean = loss.detach().double().view(1) / self.group.size
        self.sums += torch.cat((mean, answers.double().sum(dim=0)))
        self.steps_noted += 1
        bad = ~torch.isfinite(loss) & (self.bad_step == 0)
        self.bad_step.copy_(torch.where(bad, self.steps_noted, self.bad_step))

    def take_sums(self) -> dict[str, float]:
        """Means since the last call, and the first bad step (0 for none): here the device is waited for."""
        values = dict(zip(SUMS, self.group.total(self.sums).tolist(), strict=True))
        self.sums.zero_()
        return values | {"bad_step": self.first_bad_step()}

    def first_bad_step(self) -> int:
        """The first step whose loss was not finite in any process, 0 for none: waits for the device."""
        return min((step for step in self.group.each(int(self.bad_step.item())) if step), default=0)

    def model_tensors(self) -> dict[str, Tensor]:
        """The tensors of a model file: raw.*, ema.* and buffer.*."""
        tensors = {f"raw.{name}": value for name, value in self.flat.unflatten(self.flat.values).items()}
        tensors |= {f"ema.{name}": value for name, value in self.flat.unflatten(self.optimizer.average).items()}
        parameters = self.flat.slices.keys()
        kept = self.model.state_dict().items()
        return tensors | {f"buffer.{name}": tensor for name, tensor in kept if name not in parameters}

    def state(self) -> dict[str, Tensor]:
        """All tensors that the next step depends on, whatever the number of processes; whole in process 0 alone."""
        carried = {name: self.group.collect(tensor) for name, tensor in self._carried().items()}
        return {**self._shared(), **carried, "sums": self.group.total(self.sums)}

    def _shared(self) -> dict[str, Tensor]:
        return {**self.optimizer.state(), "puzzle_table": self.model.embedding.puzzle_table}

    def _carried(self) -> dict[str, Tensor]:
        """One row an example of this process' part."""
        carry = self.carry
        return {**carry.states._asdict(), **carry.batch._asdict(), "steps": carry.steps, "halted": carry.halted}

    def restore(self, tensors: dict[str, Tensor], step: int, source: str) -> None:
        """Set everything back to a saved state; CheckpointError when it does not fit."""
        shared, carried = self._shared(), self._carried()
        size = self.params.train.batch_size
        shapes = {name: tensor.shape for name, tensor in shared.items()}
        shapes |= {name: torch.Size((size, *tensor.shape[1:])) for name, tensor in carried.items()}
        if {**shapes, "sums": self.sums.shape} != {name: tensor.shape for name, tensor in tensors.items()}:
            raise CheckpointError(f"{source}: does not fit this training; remove it to start over")
        for name, tensor in shared.items():
            tensor.copy_(tensors[name])
        for name, tensor in carried.items():
            tensor.copy_(tensors[name][self.part])
        # What was summed so far is in the sums of process 0, once.
        self.sums.copy_(tensors["sums"] if self.group.rank == 0 else torch.zeros_like(tensors["sums"]))
        self.flat.refresh()
        self.step, self.draws = step, None
        self.batches.position = step // self.period * self.params.train.batch_size
        self.steps_noted.fill_(step)


def _faster(function: F, compiled: bool) -> F:
    return cast(F, torch.compile(function)) if compiled else function


def _swap(halted: Tensor, fresh: Tensor, kept: Tensor) -> Tensor:
    return torch.where(halted.view(-1, *([1] * (fresh.ndim - 1))), fresh, kept)
