"""The estimate of what a scale costs, and the refusal to start it where there is no GPU."""

import math
import shutil
from pathlib import Path

import pytest
import torch
import yaml
from evaluation_doubles import PARAMS

from hrm.core.data_params import data_params
from hrm.core.errors import DeviceError, ParameterError
from hrm.core.pipeline_schema import PipelineParams, pipeline_params
from hrm.core.schema import RunParams, run_params
from hrm.costs import StepTimes, announcement, cost_params, need_gpu, step_operations

LARGE = 10e12  # operations of a step; below, other things than products take most of the time


def pipeline(scale: str) -> PipelineParams:
    return pipeline_params(PARAMS).model_copy(update={"scale": scale})


def cells(scale: str, task: str) -> int:
    return math.prod(data_params(PARAMS, scale, task, []).grid_shape)


def times(*without: int) -> StepTimes:
    costs = cost_params(PARAMS)
    kept = [step for place, step in enumerate(costs.measured) if place not in without]
    return StepTimes(PARAMS, costs.model_copy(update={"measured": kept}))


def run(scale: str, task: str, variant: str, *changes: str) -> RunParams:
    return run_params(PARAMS, scale, task, variant, list(changes))


def test_one_line_says_what_the_scale_of_the_papers_costs() -> None:
    trainings = sum(len(experiment.runs) for experiment in pipeline("paper").experiments.values())
    line = announcement(PARAMS, pipeline("paper"))
    assert line.startswith(f"scale paper: {trainings} trainings, about ")
    assert line.endswith(" GPU hours (H100)")
    hours = float(line.removesuffix(" GPU hours (H100)").split()[-1].replace(",", ""))
    # ARC at 100,000 epochs is most of it: 519,270 steps of about a second, some ten times.
    assert 500 < hours < 10_000
    assert "\n" not in line


def test_a_measured_step_takes_as_long_as_it_was_measured() -> None:
    for step in cost_params(PARAMS).measured:
        own = run(step.scale, step.task, step.variant, f"train.batch_size={step.batch_size}")
        found = times().milliseconds(own, cells(step.scale, step.task), step.task, step.variant)
        assert found == pytest.approx(step.milliseconds)


def test_large_steps_of_attention_are_told_by_the_others_within_a_half() -> None:
    compared = 0
    for place, step in enumerate(cost_params(PARAMS).measured):
        own = run(step.scale, step.task, step.variant, f"train.batch_size={step.batch_size}")
        grid = cells(step.scale, step.task)
        if step.variant.startswith("hrm") and step_operations(own, grid, False) > LARGE:
            others = times(place)
            found = others.milliseconds(own, grid, step.task, step.variant)
            assert step.milliseconds / 1.5 < found < 1.5 * step.milliseconds, step
            compared += 1
    assert compared >= 4


def test_a_batch_of_twice_the_size_takes_twice_as_long_and_a_training_its_steps() -> None:
    once, twice = (run("paper", "sudoku", "hrm", f"train.batch_size={size}") for size in (384, 768))
    known = times()
    assert known.milliseconds(twice, 81, "sudoku", "hrm") == pytest.approx(
        2 * known.milliseconds(once, 81, "sudoku", "hrm")
    )
    hours = known.hours(PARAMS, "paper", "sudoku", "hrm")
    assert hours == pytest.approx(twice.train.steps * known.milliseconds(twice, 81, "sudoku", "hrm") / 3.6e6)


@pytest.mark.parametrize("scale", ["gpu", "paper"])
def test_every_training_of_the_pipeline_is_estimated(scale: str) -> None:
    known = times()
    for experiment in pipeline(scale).experiments.values():
        for task, variant, _ in experiment.runs:
            assert 0 < known.hours(PARAMS, scale, task, variant) < 10_000


def test_products_are_counted_for_each_architecture() -> None:
    def layers(variant: str, *changes: str) -> float:
        """Passes through a layer in one step, a gradient as two."""
        base = ["model.hidden_size=16", "model.heads=2", "model.mlp_multiple=48", "model.puzzle_embedding_size=0"]
        tiny = run("smoke", "sudoku", variant, *base, "train.batch_size=1", *changes)
        layer = 16 * 2 * (4 * 16 * 16 + 2 * 16 * 16 + 3 * 16 * 48)
        return step_operations(tiny, 16, extra_forward=False) / layer

    shape = ["model.high_layers=1", "model.low_layers=2", "model.high_cycles=2", "model.low_cycles=3"]
    rule = "model.gradient.rule={}"
    assert layers("hrm", *shape, rule.format("full")) == 3 * (2 * (3 * 2 + 1))
    assert layers("hrm", *shape, rule.format("one_step")) == 2 * (3 * 2 + 1) + 2 * (2 + 1)
    assert layers("single", *shape, rule.format("full")) == 3 * (2 * 3 * 3)
    assert layers("single", *shape, rule.format("one_step")) == 2 * 3 * 3 + 2 * 3
    shared = ["model.low_layers=0", "model.shared_modules=true", "model.mixing=attention", "model.high_layers=1"]
    cycles = ["model.high_cycles=2", "model.low_cycles=3"]
    assert layers("hrm", *shared, *cycles, rule.format("last_cycle")) == 2 * 4 + 2 * 4


def test_without_a_gpu_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError) as caught:
        need_gpu("paper", 67)
    assert str(caught.value).startswith("scale paper: jobs that need a GPU: 67; PyTorch ")
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2
    need_gpu("paper", 0)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    need_gpu("paper", 67)


def test_a_measured_step_of_no_training_is_refused(tmp_path: Path) -> None:
    params = Path(shutil.copytree(PARAMS, tmp_path / "params"))
    written = yaml.safe_load((params / "costs.yaml").read_text())
    written["measured"][0]["variant"] = "unheard_of"
    (params / "costs.yaml").write_text(yaml.safe_dump(written))
    with pytest.raises(ParameterError, match="no variant 'unheard_of'"):
        announcement(params, pipeline("paper"))
    written["measured"][0]["milliseconds"] = 0.0
    (params / "costs.yaml").write_text(yaml.safe_dump(written))
    with pytest.raises(ParameterError, match=r"measured\.0\.milliseconds is 0\.0"):
        cost_params(params)
