"""Every scale of params/ can be run: each training and data set of the pipeline has parameters that are right."""

from pathlib import Path

import pytest
from evaluation_doubles import PARAMS

from hrm.checks import check_all
from hrm.core.data_params import data_params
from hrm.core.errors import HrmError
from hrm.core.files import read_yaml
from hrm.core.pipeline_schema import pipeline_params
from hrm.core.schema import run_params

SCALES = sorted(path.name for path in (PARAMS / "scales").iterdir())
OWN_SIZE = ["boards", "lattice_mazes", "lattice_mazes_open"]  # studies whose published size is that of scale gpu


def test_the_scales_are_these() -> None:
    assert SCALES == ["gpu", "paper", "smoke"]


@pytest.mark.parametrize("scale", SCALES)
def test_every_training_and_every_data_set_of_the_pipeline_has_parameters(scale: str) -> None:
    pipeline = pipeline_params(PARAMS)
    problems = []
    for experiment in pipeline.experiments.values():
        for task in experiment.tasks:
            for variant in experiment.variants:
                try:
                    run_params(PARAMS, scale, task, variant, [])
                except HrmError as error:
                    problems.append(str(error))
    for task in pipeline.datasets:
        try:
            data_params(PARAMS, scale, task, [])
        except HrmError as error:
            problems.append(str(error))
    assert problems == []


@pytest.mark.parametrize("scale", SCALES)
def test_the_check_before_a_run_finds_nothing(scale: str, tmp_path: Path) -> None:
    for path in PARAMS.iterdir():
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / "pipeline.yaml").unlink()
    text = (PARAMS / "pipeline.yaml").read_text()
    assert "\nscale: smoke\n" in text
    (tmp_path / "pipeline.yaml").write_text(text.replace("\nscale: smoke\n", f"\nscale: {scale}\n"))
    assert check_all(tmp_path).scale == scale


@pytest.mark.parametrize("task", OWN_SIZE)
def test_a_study_of_small_size_is_published_at_scale_gpu_and_said_once(task: str) -> None:
    for kind in ("data", "train"):
        assert read_yaml(PARAMS / "scales" / "paper" / kind / f"{task}.yaml") == {"from": f"gpu/{task}"}
    assert data_params(PARAMS, "paper", task, []) == data_params(PARAMS, "gpu", task, [])
