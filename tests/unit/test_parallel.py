"""Several processes train as one would, stop together, and say in one line what keeps them from it."""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from parallel_runs import one
from safetensors.torch import load_file

from hrm.commands import train as command
from hrm.core.errors import DeviceError, ParameterError
from hrm.core.processes import Place, place
from hrm.training.parallel import ALONE, own_device

ROOT = Path(__file__).parents[2]
TRAIN = ["train", "--task=sudoku", "--variant=hrm", "--scale=smoke", "--seed=0", "--data=nowhere", "--out=nowhere"]


def start(*arguments, **environment):
    kept = {name: text for name, text in os.environ.items() if name not in ("RANK", "WORLD_SIZE", "LOCAL_RANK")}
    paths = os.pathsep.join(str(ROOT / folder) for folder in ("src", "tests", "tests/unit"))
    return subprocess.run(
        [sys.executable, "-m", *map(str, arguments)],
        cwd=ROOT,
        env={**kept, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """What two processes and one process made of the same trainings."""
    folder = tmp_path_factory.mktemp("parallel")
    two = ("--standalone", "--nproc-per-node=2")
    done = start("torch.distributed.run", *two, ROOT / "tests/unit/parallel_runs.py", folder / "two")
    assert done.returncode == 0, done.stderr
    for name in ("sudoku", "ids"):
        one(name, folder / "one")
    return folder


def assert_same_but_for_rounding(left, right):
    a, b = load_file(left / "model.safetensors"), load_file(right / "model.safetensors")
    assert a.keys() == b.keys()
    for name in a:
        torch.testing.assert_close(a[name], b[name], atol=1e-5, rtol=1e-4)
    curves = [list(csv.DictReader((path / "history.csv").open())) for path in (left, right)]
    assert len(curves[0]) == 3
    for here, there in zip(*curves, strict=True):
        for name in here.keys() - {"seconds"}:
            assert float(here[name]) == pytest.approx(float(there[name]), rel=1e-4), name


@pytest.mark.parametrize("name", ["sudoku", "ids"])
def test_two_processes_train_what_one_does_at_the_same_batch(folder, name):
    assert_same_but_for_rounding(folder / "two" / name, folder / "one" / name)
    hardware = json.loads((folder / "two" / name / "provenance.json").read_text())["hardware"]
    assert hardware["processes"] == 2


def test_several_puzzle_ids_were_trained(folder):
    table = load_file(folder / "two/ids/model.safetensors")["buffer.embedding.puzzle_table"]
    assert (table != 0).any(dim=1).sum() > 20


def test_a_signal_to_one_process_stops_all_at_one_step_and_resuming_changes_nothing(folder):
    messages = {path.read_text() for path in (folder / "two").glob("interrupted_?.txt")}
    assert len(messages) == 1 and re.match(r"stopped at step \d+;", messages.pop())
    resumed, whole = folder / "two/interrupted", folder / "two/sudoku"
    assert len(json.loads((resumed / "provenance.json").read_text())["resumed_at_steps"]) == 1
    a, b = load_file(resumed / "model.safetensors"), load_file(whole / "model.safetensors")
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_one_process_goes_on_where_two_were_stopped(folder):
    shutil.copytree(folder / "two/partial_handed_over", folder / "one/partial_handed_over")
    one("handed_over", folder / "one")
    assert json.loads((folder / "one/handed_over/provenance.json").read_text())["resumed_at_steps"] == [6]
    assert_same_but_for_rounding(folder / "one/handed_over", folder / "one/ids")


def test_started_processes_say_an_error_once_and_their_launcher_ends_with_its_code():
    done = start("hrm.cli", *TRAIN, "--processes=2", "--device=cpu")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("hrm train: ") and "nowhere" in line


ENVIRONMENT = {"RANK": "0", "WORLD_SIZE": "2", "LOCAL_RANK": "0", "MASTER_ADDR": "localhost", "MASTER_PORT": "1"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"LOCAL_RANK": None, "MASTER_PORT": None}, r"has RANK, WORLD_SIZE but not LOCAL_RANK, MASTER_PORT"),
        ({"RANK": "2"}, r"RANK=2, WORLD_SIZE=2"),
        ({"WORLD_SIZE": "two"}, r"WORLD_SIZE='two'"),
    ],
)
def test_a_broken_environment_is_named(monkeypatch, change, said):
    for name, value in {**ENVIRONMENT, **change}.items():
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    with pytest.raises(ParameterError, match=said):
        place()


def test_a_half_made_environment_is_one_line_and_code_2():
    done = start("hrm.cli", *TRAIN, WORLD_SIZE="2")
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert "the environment has WORLD_SIZE but not RANK, LOCAL_RANK" in done.stderr


def test_a_batch_that_does_not_divide_and_gpus_that_are_missing_are_refused(monkeypatch):
    import argparse

    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    options = parser.parse_args([*TRAIN[1:], "--processes=3", f"--params={ROOT / 'params'}"])
    with pytest.raises(ParameterError, match=r"train.batch_size is 32; it must divide by the 3 processes"):
        command.run(options)
    with pytest.raises(ParameterError, match=r"--device is cuda:1; 2 processes"):
        own_device("cuda:1", Place(1, 2, 1, 2))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert own_device("auto", Place(3, 4, 1, 2)) == torch.device("cuda", 1)
    with pytest.raises(DeviceError, match="4 processes need one GPU each; this machine has 2"):
        own_device("auto", Place(0, 4, 0, 4))


def test_parts_of_a_batch_are_the_batch():
    class Third(type(ALONE)):
        rank, size = 2, 3

    assert range(12)[Third().part(12)] == range(8, 12)
    assert ALONE.part(12) == slice(0, 12)


@pytest.mark.slow
def test_the_scaling_benchmark_runs_on_cpus(tmp_path):
    model = ["model.hidden_size=16", "model.heads=2", "model.mlp_multiple=8", "model.puzzle_embedding_size=16"]
    small = [text for each in (*model, "train.batch_size=8") for text in ("--set", each)]
    out = ("--json", tmp_path / "rows.json")
    done = start("hrm.cli", "bench", *out, "scaling", "--scale=smoke", "--device=cpu", "--steps=2", "--weak", *small)
    assert done.returncode == 0, done.stderr
    alone, strong, weak = json.loads((tmp_path / "rows.json").read_text())
    assert [row["processes"] for row in (alone, strong, weak)] == [1, 2, 2]
    assert [row["batch_size"] for row in (alone, strong, weak)] == [8, 8, 16]
    assert strong["same_weights"] and weak["same_weights"]
    assert strong["largest_relative_loss_difference"] < 1e-5
    assert strong["loss_20"] < strong["first_loss"]
