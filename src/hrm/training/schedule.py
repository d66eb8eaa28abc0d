"""What each step takes from the host: numbers of the schedules, made for many steps at a time."""

import torch
from torch import Tensor

from hrm.core.schema import RunParams
from hrm.core.seeds import torch_generator
from hrm.models.halting import HaltingDraws, draw_halting
from hrm.training.optimizers import Rates, rates_at, schedule_factor

STEPS_A_CHUNK = 256


class Schedule:
    """Learning rates and exploration by step; they depend on (seed, step) alone, and are the same on every device."""

    def __init__(self, params: RunParams, seed: int, device: torch.device, part: slice) -> None:
        self.params, self.seed, self.device, self.part = params, seed, device, part
        self._chunk, self._rates, self._progress = -1, torch.empty(0), torch.empty(0)
        self._halting = HaltingDraws(torch.empty(0), torch.empty(0))

    def learning_rate(self, step: int) -> float:
        """Of a step, counted from 0."""
        optimizer = self.params.optimizer
        return optimizer.learning_rate * schedule_factor(step + 1, self.params.train.steps, optimizer)

    def at(self, step: int) -> tuple[Rates, HaltingDraws]:
        """Rates (scalars) and what halting draws (part,) for a step, counted from 0, on the device."""
        place = self._place(step)
        draws = HaltingDraws(*(drawn[place] for drawn in self._halting))
        return Rates(*self._rates[place].unbind()), draws

    def progress(self, step: int) -> Tensor:
        """Share of the training that is done before a step (scalar), on the device."""
        return self._progress[self._place(step)]

    def _place(self, step: int) -> int:
        chunk, place = divmod(step, STEPS_A_CHUNK)
        if chunk != self._chunk:
            self._load(chunk)
        return place

    def _load(self, chunk: int) -> None:
        steps = range(chunk * STEPS_A_CHUNK, (chunk + 1) * STEPS_A_CHUNK)
        rates = [rates_at(step + 1, self.learning_rate(step), self.params.optimizer) for step in steps]
        shape = (STEPS_A_CHUNK, self.params.train.batch_size)
        generator = torch_generator(self.seed, "exploration", index=chunk)
        draws = draw_halting(self.params.halting, shape, generator)
        self._rates = torch.tensor(rates, dtype=torch.float32).to(self.device, non_blocking=True)
        progress = torch.tensor([step / self.params.train.steps for step in steps], dtype=torch.float32)
        self._progress = progress.to(self.device, non_blocking=True)
        self._halting = HaltingDraws(*(drawn[:, self.part].to(self.device, non_blocking=True) for drawn in draws))
        self._chunk = chunk
