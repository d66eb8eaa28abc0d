"""What a scale costs before it is run: GPU hours of its trainings, estimated from measured steps."""

import math
from pathlib import Path
from typing import Annotated

from pydantic import Field, PositiveFloat, PositiveInt

from hrm.core.data_params import data_params
from hrm.core.data_schema.base import Name
from hrm.core.errors import DeviceError
from hrm.core.params import Params, load_params
from hrm.core.pipeline_schema import PipelineParams
from hrm.core.schema import RunParams, run_params
from hrm.models.architecture import find_architecture, gradient_calls, mlp_width

ON_CPUS = "smoke"  # the scale whose jobs ask for no GPU
MILLISECONDS_AN_HOUR = 3.6e6


class MeasuredStep(Params):
    """How long one training step of a run took; with its own batch size, whatever the parameters say today."""

    scale: Name
    task: Name
    variant: Name
    batch_size: PositiveInt
    milliseconds: PositiveFloat


class CostParams(Params):
    """params/costs.yaml."""

    card: str
    measured: Annotated[list[MeasuredStep], Field(min_length=1)]


def cost_params(root: Path) -> CostParams:
    """Read params/costs.yaml."""
    return load_params(CostParams, [root / "costs.yaml"])


def announcement(root: Path, pipeline: PipelineParams) -> str:
    """One line: how many trainings the scale has, and about how many GPU hours they take; evaluations come on top.

    Raises:
        ParameterError: the parameters of a run, or of a measured one, are broken.
    """
    costs = cost_params(root)
    steps = StepTimes(root, costs)
    hours = [
        steps.hours(root, pipeline.scale, task, variant)
        for experiment in pipeline.experiments.values()
        for task, variant, _ in experiment.runs
    ]
    return f"scale {pipeline.scale}: {len(hours)} trainings, about {_rounded(sum(hours))} GPU hours ({costs.card})"


class StepTimes:
    """Estimates the time of a step that was not measured from one that was.

    It is that of the nearest measured step, by the number of matrix products, times the ratio of the products: among
    steps of the same variant, or else on the same task, or else all whose networks mix positions alike.
    """

    def __init__(self, root: Path, costs: CostParams) -> None:
        self.known: list[tuple[MeasuredStep, str, float]] = []  # with how positions are mixed, and operations
        for step in costs.measured:
            run, cells = _run(root, step.scale, step.task, step.variant, [f"train.batch_size={step.batch_size}"])
            self.known.append((step, run.model.mixing, _operations(run, cells)))

    def milliseconds(self, run: RunParams, cells: int, task: str, variant: str) -> float:
        """Of one step of a training on grids of so many cells, on one GPU."""
        wanted = _operations(run, cells)
        alike = [known for known in self.known if known[1] == run.model.mixing]
        found = [known for known in self.known if known[0].variant == variant]
        found = found or [known for known in alike if known[0].task == task] or alike or self.known
        nearest, _, operations = min(found, key=lambda known: abs(math.log(known[2] / wanted)))
        return nearest.milliseconds * wanted / operations

    def hours(self, root: Path, scale: str, task: str, variant: str) -> float:
        """Of a whole training, on one GPU."""
        run, cells = _run(root, scale, task, variant, [])
        return run.train.steps * self.milliseconds(run, cells, task, variant) / MILLISECONDS_AN_HOUR


def step_operations(params: RunParams, cells: int, extra_forward: bool) -> float:
    """Operations of the matrix products of a training step: 2 a multiply-add, a gradient costs two forwards.

    Counted for blocks of attention (or a SwiGLU over the positions) and SwiGLU as the published HRM has them; embedding
    and heads are left out, and the extra forward pass is of all positions.
    """
    model = params.model
    architecture = find_architecture(model.architecture)
    width = model.hidden_size
    length = cells + model.puzzle_length
    mixing = 4 * width * width + 2 * length * width  # multiply-adds of a position
    if model.mixing == "mlp":
        mixing = 3 * width * mlp_width(model, length)
    layer = params.train.batch_size * length * 2 * (mixing + 3 * width * mlp_width(model, width))
    calls = architecture.layers_of_calls(model)
    backward = sum(calls[-gradient_calls(model.gradient, len(calls), architecture.calls_a_cycle(model)) :])
    return float(layer * (sum(calls) * (2 if extra_forward else 1) + 2 * backward))


def need_gpu(scale: str, jobs: int) -> None:
    """Raise DeviceError where `jobs` jobs of a scale ask for a GPU and PyTorch finds none here."""
    import torch

    if jobs and not torch.cuda.is_available():
        raise DeviceError(
            f"scale {scale}: jobs that need a GPU: {jobs}; PyTorch {torch.__version__} finds none here: take a machine"
            f" that has one, or `scale: {ON_CPUS}` in params/pipeline.yaml"
        )


def _run(root: Path, scale: str, task: str, variant: str, changes: list[str]) -> tuple[RunParams, int]:
    """The parameters of a training, and the cells of its grids."""
    cells = math.prod(data_params(root, scale, task, []).grid_shape)
    return run_params(root, scale, task, variant, changes), cells


def _operations(run: RunParams, cells: int) -> float:
    return step_operations(run, cells, run.halting.further_pass)


def _rounded(hours: float) -> str:
    """To two digits: an estimate has no more."""
    digits = max(0, math.floor(math.log10(hours)) - 1) if hours >= 1 else 0
    return f"{round(hours, -digits):,.0f}" if hours >= 1 else f"{hours:.1g}"
