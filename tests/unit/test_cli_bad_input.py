"""Bad input at the command line: one plain line, exit code 2, nothing half-written."""

import json
import shutil
from pathlib import Path

import pytest
import torch

from helpers import PARAMS, TINY, facts_of, tiny_dataset, tiny_run
from hrm.cli import main
from hrm.core.errors import ParameterError
from hrm.core.schema import run_params
from hrm.data.dataset import save_dataset
from hrm.training import loop


@pytest.fixture
def params(tmp_path):
    return Path(shutil.copytree(PARAMS, tmp_path / "params"))


@pytest.fixture
def data(tmp_path):
    made = tiny_dataset()
    facts = made.info.model_dump(exclude={"train_examples", "test_examples", "sha256"})
    save_dataset(tmp_path / "data", made.train, made.test, facts)
    return tmp_path / "data"


@pytest.fixture
def model(tmp_path):
    dataset = tiny_dataset()
    out = tmp_path / "model"
    loop.train(tiny_run("train.steps=1"), facts_of(dataset), dataset, torch.device("cpu"), out, tmp_path / "partial")
    return out / "model.safetensors"


def refused(capfd, arguments, *words, code=2):
    try:
        found = main([str(argument) for argument in arguments])
    except SystemExit as exit_:
        found = exit_.code
    lines = capfd.readouterr().err.strip().splitlines()
    assert found == code, lines
    assert len(lines) == 1, lines
    for word in words:
        assert word in lines[0], lines[0]


def train(params, data, tmp_path, *more):
    run = ["--task", "sudoku", "--variant", "hrm", "--scale", "smoke", "--seed", "0", "--data", data]
    places = ["--out", tmp_path / "out", "--partial", tmp_path / "partial", "--params", params]
    settings = [word for pair in TINY for word in ("--set", pair)]
    return ["train", *run, *places, *settings, *more]


def edit(params, name, old, new):
    path = params / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_an_unknown_command_and_a_missing_option(capfd):
    refused(capfd, ["fly"], "fly", "train")
    refused(capfd, ["train"], "--task")


def test_an_unknown_key_names_file_key_and_what_is_allowed(capfd, params, data, tmp_path):
    edit(params, "training.yaml", "  beta1: 0.9", "  beta1: 0.9\n  momentum: 0.9")
    refused(capfd, train(params, data, tmp_path), "training.yaml", "optimizer.momentum", "beta2, ema_decay")
    assert not (tmp_path / "out").exists()


def of_hrm(params, text=""):
    """Rewrite the experiment that defines hrm, with more lines in the entry."""
    lines = "".join(f"    {line}\n" for line in text.splitlines())
    entry = f"variants:\n  hrm:\n    model: {{architecture: hrm}}\n{lines}  hrm_halt_loss: {{from: hrm}}\n"
    (params / "experiments" / "sudoku.yaml").write_text(f"tasks: [sudoku]\nseeds: [0]\nfilm: true\n{entry}")


def test_a_variant_may_change_things_at_one_scale_but_not_at_one_that_does_not_exist(capfd, params, data, tmp_path):
    changes = "scales:\n  smoke: {train: {steps: 7}}\n  gpu: {train: {steps: 8}}\n"
    of_hrm(params, changes)
    assert [run_params(params, scale, "sudoku", "hrm", []).train.steps for scale in ("smoke", "gpu")] == [7, 8]
    assert run_params(params, "smoke", "sudoku", "hrm", ["train.steps=9"]).train.steps == 9
    of_hrm(params, changes.replace("gpu:", "gqu:"))
    place = "experiments/sudoku.yaml: unknown key variants.hrm.scales.gqu"
    refused(capfd, train(params, data, tmp_path), place, "gpu, paper, smoke")


def test_a_variant_may_change_things_for_one_task_and_there_at_one_scale(capfd, params, data, tmp_path):
    of_maze = "tasks:\n  maze_hard:\n    train: {steps: 7}\n    scales: {smoke: {train: {steps: 8}}}\n"
    of_hrm(params, "scales: {smoke: {train: {steps: 5}}}\n" + of_maze)
    cases = (("smoke", "sudoku"), ("smoke", "maze_hard"), ("paper", "maze_hard"))
    assert [run_params(params, *case, "hrm", []).train.steps for case in cases] == [5, 8, 7]
    of_hrm(params, of_maze.replace("maze_hard", "mace_hard"))
    refused(capfd, train(params, data, tmp_path), "sudoku.yaml", "variants.hrm.tasks.mace_hard", "maze_hard")
    of_hrm(params, of_maze.replace("smoke", "smoky"))
    place = r"sudoku.yaml: unknown key variants.hrm.tasks.maze_hard.scales.smoky; allowed here are gpu"
    with pytest.raises(ParameterError, match=place):
        run_params(params, "smoke", "maze_hard", "hrm", [])
    of_hrm(params, "tasks: 3\n")
    refused(capfd, train(params, data, tmp_path), "sudoku.yaml: variants.hrm.tasks must hold a mapping for each task")


def test_a_number_that_yaml_reads_as_text(capfd, params, data, tmp_path):
    edit(params, "scales/smoke/train/sudoku.yaml", "ema_decay: 0.99", "ema_decay: 99e-2")
    refused(capfd, train(params, data, tmp_path), "train/sudoku.yaml", "optimizer.ema_decay", "'99e-2'", "9.9e-01")


def test_a_negative_size(capfd, params, data, tmp_path):
    refused(capfd, train(params, data, tmp_path, "--set", "model.hidden_size=-64"), "model.hidden_size", "-64")
    generate = ["generate", "--task", "sudoku", "--scale", "smoke", "--params", params, "--out", tmp_path / "new"]
    refused(capfd, [*generate, "--set", "train_puzzles=-1"], "train_puzzles", "-1")
    assert not (tmp_path / "new").exists()


def test_sizes_that_do_not_fit_each_other(capfd, params, data, tmp_path):
    refused(capfd, train(params, data, tmp_path, "--set", "model.heads=3"), "hidden_size 16", "3 heads")
    small = ("--set", "model.puzzle_positions=2", "--set", "model.puzzle_embedding_size=40")
    refused(
        capfd, train(params, data, tmp_path, *small), "puzzle_positions 2 hold 32", "the 40 of puzzle_embedding_size"
    )


def test_a_broken_parameter_file(capfd, params, data, tmp_path):
    (params / "experiments" / "sudoku.yaml").write_text("tasks: [")
    refused(capfd, train(params, data, tmp_path), "experiments/sudoku.yaml", "not valid YAML")
    of_hrm(params, "model: {heads: 2}")
    refused(capfd, train(params, data, tmp_path), "sudoku.yaml: is not valid YAML (key model stands twice", "line 7")


@pytest.mark.parametrize(
    ("option", "allowed"), [("--variant", "hrm_halt_loss"), ("--scale", "paper"), ("--task", "sudoku")]
)
def test_a_name_that_does_not_exist(capfd, params, data, tmp_path, option, allowed):
    arguments = train(params, data, tmp_path)
    arguments[arguments.index(option) + 1] = "nosuch"
    refused(capfd, arguments, "nosuch", allowed)


def test_a_corrupt_data_file(capfd, params, data, tmp_path):
    file = data / "train.safetensors"
    file.write_bytes(file.read_bytes()[:-10] + b"0123456789")
    refused(capfd, train(params, data, tmp_path), "train.safetensors", "SHA-256")
    file.unlink()
    refused(capfd, train(params, data, tmp_path), "train.safetensors", "missing")
    (data / "dataset.json").write_text(json.dumps({"task": "sudoku"}))
    refused(capfd, train(params, data, tmp_path), "dataset.json")
    assert not (tmp_path / "out").exists()


def test_a_truncated_checkpoint(capfd, params, data, model, tmp_path):
    capfd.readouterr()
    model.write_bytes(model.read_bytes()[:-50])
    evaluate = ["evaluate", "--model", model, "--data", data, "--out", tmp_path / "out", "--params", params]
    refused(capfd, evaluate, "model.safetensors", "truncated")
    model.write_bytes(b"not a checkpoint")
    refused(capfd, evaluate, "model.safetensors")
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_cuda_without_a_gpu(capfd, params, data, tmp_path):
    refused(capfd, train(params, data, tmp_path, "--device", "cuda"), "--device cuda", "no CUDA GPU")
    refused(capfd, train(params, data, tmp_path, "--device", "tpu"), "tpu", "auto, cpu, cuda")


def test_a_folder_that_cannot_be_written(capfd, params, data, tmp_path):
    (tmp_path / "out").write_text("a file where the folder should be")
    arguments = train(params, data, tmp_path, "--set", "train.steps=1")
    code = main([str(argument) for argument in arguments])
    last = capfd.readouterr().err.strip().splitlines()[-1]
    assert code == 2 and "out" in last and "cannot be written" in last
