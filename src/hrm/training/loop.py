"""The loop around the trainer: log, progress, resume state, signals, and the files at the end."""

import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from tqdm import tqdm

from hrm.core.device import describe_hardware
from hrm.core.discovery import model_module, task_module
from hrm.core.energy import EnergyMeter, counters, total_energy
from hrm.core.errors import CheckpointError, DivergedError, Interrupted
from hrm.core.files import fingerprint, write_json, write_text
from hrm.core.provenance import job_key, provenance
from hrm.core.recipe import Sources
from hrm.core.schema import RunParams
from hrm.data.dataset import Dataset
from hrm.models.build import count_parameters
from hrm.training.checkpoint import load_tensors, model_facts, save_tensors
from hrm.training.parallel import ALONE, Group
from hrm.training.trainer import Trainer
from hrm.training.transfer import Start

COLUMNS = (
    "step",
    "examples",
    "seconds",
    "loss",
    "cell_accuracy",
    "exact_accuracy",
    "q_halt_accuracy",
    "mean_steps",
    "learning_rate",
)


def train(
    params: RunParams,
    facts: dict[str, Any],
    dataset: Dataset,
    device: torch.device,
    out: Path,
    partial: Path,
    group: Group = ALONE,
    start: Start | None = None,
) -> None:
    """Train to the end and write model.safetensors, history.csv and provenance.json to `out`.

    The provenance has the energy of the devices where they count it (hrm.core.energy), over all resumes as the seconds.

    Of several processes (`group`) all train, and process 0 alone writes and speaks.

    The resume state lies in `partial`, outside `out`, since Snakemake and DVC delete declared outputs before a job;
    its name is a hash of all that decides the result, so that a changed parameter starts afresh. The number of
    processes decides nothing but rounding: a training may go on with another one.

    Raises:
        DivergedError: the loss was not finite; the last good state stays in `partial`.
        Interrupted: SIGTERM or SIGINT came to any process; the state was saved.
    """
    torch.set_num_threads(params.train.threads)
    torch.set_float32_matmul_precision("high" if device.type == "cuda" else "highest")
    key = run_key(params, facts, dataset.info.family)
    state_path = partial / f"{facts['task']}-{facts['variant']}-{facts['seed']}-{key}.safetensors"
    run = _Run(params, facts, Trainer(params, facts, dataset, device, group, start), state_path)
    hidden = None if group.rank == 0 else True  # None: unless it is a terminal
    with (
        _signals(group) as stop,
        tqdm(total=params.train.steps, initial=run.trainer.step, unit="step", disable=hidden) as bar,
    ):
        while run.trainer.step < params.train.steps:
            run.advance(bar)
            if group.agree(bool(stop)) and run.trainer.step < params.train.steps:
                run.save()
                raise Interrupted(f"stopped at step {run.trainer.step}; the same command goes on from {state_path}")
    run.measure()
    if group.rank == 0:
        run.finish(out)
        state_path.unlink(missing_ok=True)


def run_key(params: RunParams, facts: dict[str, Any], family: str) -> str:
    """What everything that decides the result hashes to: the key of the pipeline's job where it is one (hrm.jobs).

    Of a training by hand: its parameters, data, seed, and the code that trains.
    """
    if key := job_key():
        return key
    decisive = params.model_dump()
    for name in ("log_every", "save_every"):
        decisive["train"].pop(name)
    modules = [task_module(family), model_module(params.model.architecture)]
    return fingerprint({"params": decisive, "facts": facts, "code": Sources().fingerprint(__name__, *modules)})


class _Run:
    """A training with its history, its clock and its energy."""

    def __init__(
        self,
        params: RunParams,
        facts: dict[str, Any],
        trainer: Trainer,
        state_path: Path,
    ) -> None:
        self.params, self.facts, self.trainer, self.state_path = params, facts, trainer, state_path
        self.group = group = trainer.group
        self.history: list[list[float]] = []
        self.seconds, self.resumed = 0.0, []
        self.spent: float | None = 0.0  # joules before this process, None where they are not known
        self.meter = EnergyMeter(counters(trainer.device))
        self.hardware = _hardware(trainer.device, group)
        if state_path.is_file():
            tensors, saved = load_tensors(state_path)
            self.trainer.restore(tensors, saved["step"], str(state_path))
            self.history, self.seconds, self.resumed = saved["history"], saved["seconds"], saved["resumed"]
            self.spent = saved["joules"]
            self.resumed.append(saved["step"])
            self._say(f"resumed at step {saved['step']} from {state_path}")
        if len(set(group.each(self.trainer.step))) > 1:
            raise CheckpointError(
                f"{state_path}: not every process sees it; --partial must be a folder of all machines"
            )
        self.joules = self.spent
        self.started = time.monotonic() - self.seconds
        self.spoke = time.monotonic()

    def _say(self, text: str) -> None:
        if self.group.rank == 0:
            print(text, file=sys.stderr, flush=True)

    def advance(self, bar: "tqdm[Any]") -> None:
        trainer, train = self.trainer, self.params.train
        rate = trainer.learning_rate()
        trainer.advance()
        bar.update()
        saves = trainer.step % train.save_every == 0 and trainer.step < train.steps
        if trainer.step % train.log_every == 0 or trainer.step == train.steps:
            self._log(rate, bar)
        if saves:
            self.save()

    def _log(self, rate: float, bar: "tqdm[Any]") -> None:
        sums = self.trainer.take_sums()
        self._check(int(sums["bad_step"]))
        step, since = self.trainer.step, self.history[-1][0] if self.history else 0
        finished = max(1.0, sums["finished"])
        self.seconds = time.monotonic() - self.started
        self.meter.read()  # often enough that no counter wraps unseen
        means = [sums[name] / finished for name in ("cell_accuracy", "exact_accuracy", "q_halt_accuracy", "steps")]
        examples = step * self.params.train.batch_size
        self.history.append([step, examples, self.seconds, sums["loss"] / (step - since), *means, rate])
        speed = examples / self.seconds
        left = self.seconds / step * (self.params.train.steps - step)
        text = f"loss {self.history[-1][3]:.3f}, exact {means[1]:.1%}, {speed:,.0f} examples/s"
        bar.set_postfix_str(text, refresh=False)
        quiet = time.monotonic() - self.spoke < 10 and step < self.params.train.steps
        if bar.disable and not quiet:
            self.spoke = time.monotonic()
            self._say(f"step {step}/{self.params.train.steps}: {text}, {left:.0f} s left")

    def _check(self, bad_step: int) -> None:
        if bad_step:
            kept = (
                f"the last good state is kept in {self.state_path}" if self.state_path.is_file() else "none was saved"
            )
            raise DivergedError(f"the loss is not a finite number at step {bad_step}; {kept}")

    def measure(self) -> None:
        """Time and energy so far, with those of earlier processes that this one went on from; all processes call it."""
        self.seconds = time.monotonic() - self.started
        since = total_energy(self.group.each(self.meter.read()))
        self.joules = None if since is None or self.spent is None else self.spent + since

    def save(self) -> None:
        """Replace the resume state; all processes call it."""
        self._check(self.trainer.first_bad_step())
        self.measure()
        facts = {"kind": "resume state", "step": self.trainer.step, "history": self.history}
        facts |= {"seconds": self.seconds, "joules": self.joules, "resumed": self.resumed}
        state = self.trainer.state()
        if self.group.rank == 0:
            save_tensors(self.state_path, state, facts)

    def finish(self, out: Path) -> None:
        """Write the three files; the model comes last, so that it never stands without its provenance."""
        rows = [",".join(COLUMNS)]
        rows += [
            f"{row[0]:.0f},{row[1]:.0f},{row[2]:.2f}," + ",".join(f"{x:.6g}" for x in row[3:]) for row in self.history
        ]
        write_text(out / "history.csv", "\n".join(rows) + "\n")
        energy = (
            {} if self.joules is None else {"energy_joules": round(self.joules, 1), "energy_source": self.meter.source}
        )
        known = {name: fact for name, fact in self.facts.items() if name != "data_info"}  # data_sha256 stands for it
        record = provenance(
            **known,
            params=self.params.model_dump(),
            parameters=count_parameters(self.trainer.model),
            hardware=self.hardware,
            seconds=round(self.seconds, 2),
            **energy,
            resumed_at_steps=self.resumed,
        )
        write_json(out / "provenance.json", record)
        facts = model_facts(self.params, {**self.facts, "step": self.trainer.step})
        save_tensors(out / "model.safetensors", self.trainer.model_tensors(), facts)


def _hardware(device: torch.device, group: Group) -> dict[str, Any]:
    """What the training runs on, in all processes."""
    own: dict[str, Any] = describe_hardware(device)
    gpus = [gpu for gpu in group.each(own.pop("gpu", None)) if gpu]
    return {**own, "processes": group.size, **({"gpus": gpus} if gpus else {})}


@contextmanager
def _signals(group: Group) -> Iterator[list[int]]:
    """Collect SIGTERM and SIGINT, so that the loop can end at the border of a step."""
    caught: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        # A second signal does not wait. Of several processes each may get one signal from the user and the same again
        # from torchrun, which itself kills those that take too long.
        if caught and group.size == 1:
            raise KeyboardInterrupt
        caught.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
