"""A training that starts from another one's modules takes those over and nothing else, frozen or not."""

import json
import shutil

import pytest
import torch
import yaml

from helpers import PARAMS, facts_of, tiny_dataset, tiny_run
from hrm.checks import check_all
from hrm.cli import main
from hrm.core.errors import CheckpointError, ParameterError
from hrm.training import loop
from hrm.training.checkpoint import load_model, load_tensors
from hrm.training.trainer import Trainer
from hrm.training.transfer import read_start

CPU = torch.device("cpu")
OVER = ["transfer.task=sudoku", "transfer.variant=hrm"]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    dataset, folder = tiny_dataset(), tmp_path_factory.mktemp("start")
    loop.train(tiny_run("train.steps=6"), facts_of(dataset), dataset, CPU, folder / "out", folder / "partial")
    return folder / "out" / "model.safetensors"


def trainer(model, *settings):
    params = tiny_run(*OVER, *settings)
    dataset = tiny_dataset()
    return Trainer(params, facts_of(dataset), dataset, CPU, start=read_start(model, params, "smoke", 0))


def of_modules(name):
    return name.startswith(("high_module.", "low_module.", "high_init", "low_init"))


def test_modules_and_first_states_are_the_averaged_ones_and_all_else_is_as_without_a_start(model):
    stored, _ = load_tensors(model)
    started = trainer(model).model.state_dict()
    fresh = Trainer(tiny_run(), facts_of(tiny_dataset()), tiny_dataset(), CPU).model.state_dict()
    assert any(of_modules(name) for name in started)
    for name, tensor in started.items():
        kept = stored.get(f"ema.{name}", stored.get(f"buffer.{name}"))
        assert torch.equal(tensor, kept if of_modules(name) else fresh[name]), name
    assert any(not torch.equal(started[name], fresh[name]) for name in started)


@pytest.mark.parametrize("frozen", [False, True])
def test_frozen_modules_stay_and_what_belongs_to_the_task_is_trained(model, frozen):
    one = trainer(model, f"transfer.frozen={str(frozen).lower()}")
    before = {name: tensor.clone() for name, tensor in one.model.state_dict().items()}
    for _ in range(4):
        one.advance()
    after = one.model.state_dict()
    for name in ("embedding.", "head.", "q_head."):
        assert any(not torch.equal(after[key], before[key]) for key in after if key.startswith(name)), name
    changed = [name for name in after if of_modules(name) and not torch.equal(after[name], before[name])]
    assert bool(changed) != frozen


def test_a_frozen_training_is_written_read_and_resumed_like_any_other(model, tmp_path):
    params, dataset = tiny_run(*OVER, "transfer.frozen=true"), tiny_dataset()
    start = read_start(model, params, "smoke", 0)
    facts = facts_of(dataset) | {"start": start.origin}
    loop.train(params, facts, dataset, CPU, tmp_path / "out", tmp_path / "partial", start=start)
    loaded = load_model(tmp_path / "out" / "model.safetensors", "ema", CPU, compile=False).model.state_dict()
    for name, tensor in start.tensors.items():
        assert torch.equal(loaded[name], tensor)
    record = json.loads((tmp_path / "out" / "provenance.json").read_text())
    assert record["start"] == {"task": "sudoku", "variant": "hrm", "seed": 0, "sha256": start.origin["sha256"]}

    halfway = Trainer(params, facts, dataset, CPU, start=start)
    for _ in range(5):
        halfway.advance()
    resumed = Trainer(params, facts, dataset, CPU, start=start)
    resumed.restore(halfway.state(), 5, "test")
    for one in (halfway, resumed):
        for _ in range(5):
            one.advance()
    ends = halfway.model_tensors(), resumed.model_tensors()
    assert all(torch.equal(ends[0][name], ends[1][name]) for name in ends[0])


def test_a_start_that_is_not_what_the_parameters_name(model):
    with pytest.raises(ParameterError, match=r"transfer.task/variant is null and --start is"):
        read_start(model, tiny_run(), "smoke", 0)
    with pytest.raises(ParameterError, match=r"transfer.task/variant is sudoku/hrm and --start is None"):
        read_start(None, tiny_run(*OVER), "smoke", 0)
    with pytest.raises(CheckpointError, match="seed 0 instead of 1"):
        read_start(model, tiny_run(*OVER), "smoke", 1)
    with pytest.raises(CheckpointError, match=r"must be of shape .* need the same model parameters"):
        trainer(model, "model.hidden_size=32")
    with pytest.raises(ParameterError, match="frozen must be false"):
        tiny_run("transfer.frozen=true")
    with pytest.raises(ParameterError, match="both be names"):
        tiny_run("transfer.task=sudoku")


def test_the_command_asks_for_the_start(capfd, tmp_path):
    run = ["--task", "maze_hard", "--variant", "hrm_from_sudoku", "--scale", "smoke", "--seed", "0"]
    folders = ["--data", str(tmp_path), "--out", str(tmp_path / "out"), "--params", str(PARAMS)]
    assert main(["train", *run, *folders]) == 2
    assert "sudoku/hrm and --start is None" in capfd.readouterr().err


def test_the_pipeline_must_train_what_is_taken_over(tmp_path):
    root = tmp_path / "params"
    shutil.copytree(PARAMS, root)
    experiment = yaml.safe_load((root / "experiments" / "transfer.yaml").read_text())
    (root / "experiments" / "transfer.yaml").write_text(yaml.safe_dump(experiment | {"seeds": [0, 7]}))
    place = r"experiments/transfer.yaml: variants.hrm_from_sudoku.*transfer"
    with pytest.raises(ParameterError, match=place + r" names sudoku/hrm.*seed 7"):
        check_all(root)
