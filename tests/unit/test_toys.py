"""A new task is one folder and its parameters, a new network is one module and its entry: no other file is touched."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import hrm.data
import hrm.models
from helpers import PARAMS, tiny_dataset
from hrm.cli import main
from hrm.core.discovery import architectures, families, look_module, model_module, task_module
from hrm.core.errors import DataError
from hrm.data.look import NUMBERS, find_look
from hrm.data.task import find_task

TASK_PARAMS = '''
"""Parameters of toy grids."""

from typing import Literal

from pydantic import PositiveInt

from hrm.core.data_schema.base import DataParams


class ToyParams(DataParams):
    """Rows of tokens that are to be turned round."""

    family: Literal["toy_grids"]
    cells: PositiveInt
    train: PositiveInt
    test: PositiveInt

    grid_shape = property(lambda self: [1, self.cells])
    published = property(lambda self: False)
    train_wanted = property(lambda self: self.train)
    test_wanted = property(lambda self: self.test)
    described = property(lambda self: "toy grids")


PARAMS = ToyParams
'''

TASK = '''
"""Toy grids: the answer is the row read backwards."""

import numpy as np

from hrm.core.seeds import numpy_generator
from hrm.data.dataset import save_dataset, single_examples
from hrm.data.task import Augmenter, Task, share, to_both


class Toy(Task):
    def candidate_count(self, params):
        return params.train + params.test

    def make_candidates(self, params, start, stop, workers, report):
        rows = [numpy_generator(params.seed, "toy", i).integers(1, 5, params.cells) for i in range(start, stop)]
        report(stop - start)
        return {"rows": np.array(rows, dtype=np.uint8)}

    def write_dataset(self, folder, params, candidates, workers):
        rows, none = candidates["rows"], np.zeros(len(candidates["rows"]), dtype=np.int32)
        plan = np.tile(np.arange(2), (len(rows), 1))
        parts = (slice(0, params.train), slice(params.train, None))
        splits = [single_examples(rows[part], rows[part, ::-1], none[part], plan[part]) for part in parts]
        facts = {"task": params.task, "family": "toy_grids", "vocabulary_size": 5, "grid_shape": params.grid_shape}
        facts |= {"puzzle_ids": 1, "group_names": {}, "seed": params.seed, "statistics": {}}
        return save_dataset(folder, *splits, facts | {"generator": params.model_dump()})

    def augmenter(self, info):
        return Augmenter(to_both(lambda codes, tokens: tokens.where(codes.view(-1, 1) == 0, tokens.flip(1))), None)

    def judge(self, inputs, answers, rating):
        return {"first_cell": share(answers[:, 0] == inputs[:, -1])}


TASK = Toy()
'''

NETWORK = '''
"""A toy network: one linear map of state and input, again and again."""

from typing import NamedTuple

from pydantic import PositiveFloat, model_validator
from torch import Tensor

from hrm.core.params import Params
from hrm.core.schema import ModelParams
from hrm.models.architecture import Architecture
from hrm.models.layers import Linear
from hrm.models.segment import SegmentModel


class ToyParams(Params):
    gain: PositiveFloat


class ToyModelParams(ModelParams):
    toy_net: ToyParams

    @model_validator(mode="after")
    def _tame(self):
        if self.toy_net.gain > self.heads:
            raise ValueError(f"toy_net.gain {self.toy_net.gain} must not be above the {self.heads} heads")
        return self


class State(NamedTuple):
    high_state: Tensor


class Toy(SegmentModel):
    states = State

    def make_modules(self, init):
        self.map = Linear(self.params.hidden_size, self.params.hidden_size, init)

    def forward_states(self, states, injected, rotary, positions):
        state = self.params.toy_net.gain * self.map(states.high_state + injected)
        self.note("core", 1, state)
        return State(state[:, positions])


class ToyArchitecture(Architecture):
    params = ToyModelParams

    def network(self):
        return Toy

    def layers_of_calls(self, params):
        return [1]


ARCHITECTURE = ToyArchitecture()
'''


@pytest.fixture
def params(tmp_path: Path) -> Path:
    """A copy of the parameters, to which the toys add theirs."""
    return Path(shutil.copytree(PARAMS, tmp_path / "params"))


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder whose parts are looked through like hrm/data and hrm/models; what it brought is forgotten afterwards."""
    for package in (hrm.data, hrm.models):
        folder = tmp_path / package.__name__.rpartition(".")[2]
        folder.mkdir()
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if ".toy" in name:
            del sys.modules[name]
    for package in (hrm.data, hrm.models):
        for name in [name for name in vars(package) if name.startswith("toy")]:
            delattr(package, name)


def entry(params: Path, name: str, settings: str) -> None:
    """A variant of its own, in an experiment of its own."""
    indented = "".join(f"    {line}\n" for line in settings.splitlines())
    text = f"tasks: [sudoku]\nseeds: [0]\nfilm: false\nvariants:\n  {name}:\n{indented}"
    (params / "experiments" / f"{name}.yaml").write_text(text)


def trained_and_evaluated(tmp_path: Path, params: Path, task: str, variant: str) -> dict[str, float]:
    places = ["--params", str(params), "--scale", "smoke", "--task", task]
    data, out = tmp_path / "set", tmp_path / "trained"
    assert main(["generate", *places, "--out", str(data)]) == 0
    short = [part for value in ("train.steps=2", "train.batches=0", "train.batch_size=4") for part in ("--set", value)]
    train = ["train", *places, "--variant", variant, "--seed", "0", "--data", str(data), "--out", str(out), *short]
    assert main([*train, "--partial", str(tmp_path / "partial"), "--device", "cpu"]) == 0
    measured = tmp_path / "measured"
    evaluate = ["evaluate", "--params", str(params), "--model", str(out / "model.safetensors"), "--data", str(data)]
    assert main([*evaluate, "--out", str(measured), "--device", "cpu", "--limit", "6"]) == 0
    metrics: dict[str, float] = json.loads((measured / "ema" / "metrics.json").read_text())
    assert metrics["steps"] == 2
    return metrics


def test_a_new_task_is_one_folder_and_its_parameters(plugins: Path, params: Path) -> None:
    folder = plugins / "data" / "toy_grids"
    folder.mkdir()
    (folder / "params.py").write_text(TASK_PARAMS)
    (folder / "task.py").write_text(TASK)
    (params / "tasks" / "toy.yaml").write_text("task: toy\nfamily: toy_grids\nseed: 1\ncells: 6\ntrain: 20\ntest: 8\n")
    for kind in ("data", "train"):  # the scale changes nothing
        (params / "scales" / "smoke" / kind / "toy.yaml").write_text("{}\n")
    assert "toy_grids" in families()
    assert (task_module("toy_grids"), look_module("toy_grids")) == ("hrm.data.toy_grids.task", None)
    entry(
        params,
        "toy_size",
        "model: {architecture: hrm, hidden_size: 16, heads: 2, mlp_multiple: 8, puzzle_embedding_size: 16}\n",
    )
    metrics = trained_and_evaluated(plugins, params, "toy", "toy_size")
    assert metrics["test_examples"] == 6
    assert 0 <= metrics["first_cell"] <= 1


def test_a_new_network_is_one_module_and_its_entry(
    plugins: Path, params: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (plugins / "models" / "toy_net.py").write_text(NETWORK)
    entry(params, "toy", "model: {architecture: toy_net, low_layers: 1, toy_net: {gain: 0.5}}\n")
    assert "toy_net" in architectures() and "layers" not in architectures()
    assert model_module("toy_net") == "hrm.models.toy_net"
    metrics = trained_and_evaluated(plugins, params, "sudoku", "toy")
    assert metrics["effective_depth"] == 1
    # Its settings are checked like all others, in one line.
    places = ["--params", str(params), "--scale", "smoke", "--task", "sudoku", "--variant", "toy", "--seed", "0"]
    places += ["--data", str(plugins / "set"), "--out", str(plugins / "no"), "--device", "cpu"]
    for change, message in (
        ("gain=0.0", "model.toy_net.gain is 0.0; input should be greater than 0"),
        ("gain=99.0", "toy_net.gain 99.0 must not be above the"),
        ("loss=1", "unknown key model.toy_net.loss; allowed here are gain"),
    ):
        assert main(["train", *places, "--set", f"model.toy_net.{change}"]) == 2
        assert message in capsys.readouterr().err


def test_looks_name_a_drawing_and_a_unit_and_need_no_report() -> None:
    units = {"sudoku": "guesses", "maze": "steps", "lattice": "steps", "arc": "cells"}
    assert {family: find_look(family).rating_text(2000) for family in families()} == {
        family: f"2,000 {unit}" for family, unit in units.items()
    }
    assert find_look("sudoku").rating_text(1) == "1 guess"
    assert find_look("crossword") == NUMBERS
    assert NUMBERS.rating_text(3) == "rating 3"


def test_puzzles_are_read_as_people_write_them() -> None:
    info = tiny_dataset().info
    sudoku, maze, arc = (find_task(family) for family in ("sudoku", "maze", "arc"))
    assert sudoku.encode("12..\n34.0\n....\n...1", info).tolist() == [2, 3, 1, 1, 4, 5, 1, 1, *[1] * 7, 2]
    assert maze.encode("S  #" * 3 + "   G", info).tolist()[-4:] == [2, 2, 2, 4]
    assert arc.encode("12\n30", info).tolist() == [3, 4, 1, 0, 5, 2, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0]
    for task, text, words in (
        (sudoku, "12", "has 16 characters"),
        (sudoku, "9" * 16, "go from 1 to 4"),
        (maze, "x" * 16, "each one of '# SGo'"),
        (arc, "12345", "up to 4x4"),
        (find_task("lattice"), "1", "no form as text"),
    ):
        with pytest.raises(DataError, match=words):
            task.encode(text, info)


def test_what_is_not_there_is_told_with_what_is(params: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (params / "tasks" / "sudoku.yaml").write_text("task: sudoku\nfamily: crossword\n")
    places = ["--params", str(params), "--scale", "smoke", "--task", "sudoku"]
    assert main(["generate", *places, "--out", "nowhere"]) == 2
    assert "family is 'crossword'; allowed are arc, lattice, maze, sudoku" in capsys.readouterr().err
