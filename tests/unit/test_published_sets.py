"""Sudoku-Extreme as published, from small files of the same form."""

import hashlib
import json
import time
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from loopback_hub import Hub
from published_files import PARAMS, pin, write_csv
from test_sudoku_solver import puzzles

from hrm.cli import main
from hrm.core.data_params import data_params
from hrm.core.errors import ParameterError
from hrm.data.dataset import load_dataset
from hrm.data.sudoku.canonical import canonical_forms, class_keys
from hrm.data.sudoku.invariant import equivalent_to_any, invariants
from hrm.data.sudoku.solver import rate
from hrm.data.sudoku.symmetries import SudokuSymmetries

TRAIN, TEST = 12, 7


@pytest.fixture(scope="module")
def boards() -> tuple[np.ndarray, np.ndarray]:
    return puzzles(3, 3, TRAIN + TEST)


def text(board: np.ndarray) -> str:
    return "".join(str(digit) if digit else "." for digit in board)


@pytest.fixture
def folder(tmp_path: Path, boards: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A mirror of a small Sudoku-Extreme, and parameters that know it."""
    rows = [[f"source{i % 3}", text(p), text(s), 10 * i] for i, (p, s) in enumerate(zip(*boards, strict=True))]
    mirror = tmp_path / "mirror/sudoku_extreme"
    mirror.mkdir(parents=True)
    write_csv(mirror / "train.csv", rows[:TRAIN])
    write_csv(mirror / "test.csv", rows[TRAIN:])
    monkeypatch.setenv("HRM_MIRROR", str(tmp_path / "mirror"))
    monkeypatch.setenv("HRM_CACHE", str(tmp_path / "cache"))
    params = tmp_path / "params"
    (params / "tasks").mkdir(parents=True)
    (params / "scales/paper/data").mkdir(parents=True)
    (params / "tasks/sudoku.yaml").write_text((PARAMS / "tasks/sudoku.yaml").read_text())
    scale = yaml.safe_load((PARAMS / "scales/paper/data/sudoku.yaml").read_text())
    scale |= {"train_puzzles": 5, "test_puzzles": TEST, "augmentations": 3}
    (params / "scales/paper/data/sudoku.yaml").write_text(yaml.safe_dump(scale))
    pin(params, mirror)
    return tmp_path


def generate(folder: Path, *more: str) -> int:
    options = ["--task", "sudoku", "--scale", "paper", "--params", str(folder / "params")]
    return main(["generate", *options, *more])


def refused(folder: Path, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    capsys.readouterr()
    assert generate(folder, "--out", str(folder / "bad"), *more) == 2
    assert not (folder / "bad").exists()
    return capsys.readouterr().err.strip().splitlines()[-1]


def test_a_random_choice_trains_and_the_whole_test_file_tests(
    folder: Path, boards: tuple[np.ndarray, np.ndarray]
) -> None:
    assert generate(folder, "--out", str(folder / "data")) == 0
    data = load_dataset(folder / "data")
    assert (data.test.inputs == boards[0][TRAIN:] + 1).all()
    assert (data.test.labels == boards[1][TRAIN:] + 1).all()
    assert (data.test.rating == rate(boards[0][TRAIN:], 3, 3).rating).all()
    rows = [int(np.flatnonzero((boards[0][:TRAIN] + 1 == one).all(axis=1))[0]) for one in data.train.inputs]
    assert len(set(rows)) == 5
    assert (data.train.labels == boards[1][rows] + 1).all()
    assert data.train.plan.shape == (5, 4)
    assert (data.train.plan[:, 0] == 0).all()
    statistics = data.info.statistics
    assert statistics["test"]["published_rating"]["minimum"] == 10 * TRAIN
    assert statistics["test_equivalent_to_training"] == 0
    train_file = (folder / "mirror/sudoku_extreme/train.csv").read_bytes()
    assert statistics["sources"]["sudoku_extreme"]["train.csv"] == hashlib.sha256(train_file).hexdigest()
    assert str(folder) not in (folder / "data/dataset.json").read_text()
    assert generate(folder, "--out", str(folder / "other"), "--set", "seed=9") == 0
    assert (load_dataset(folder / "other").train.inputs != data.train.inputs).any()


def test_all_training_puzzles_keep_their_order(folder: Path, boards: tuple[np.ndarray, np.ndarray]) -> None:
    every = ["--set", f"train_puzzles={TRAIN}", "--set", "augmentations=0"]
    assert generate(folder, "--out", str(folder / "data"), *every) == 0
    assert (load_dataset(folder / "data").train.inputs == boards[0][:TRAIN] + 1).all()


def test_shards_and_workers_do_not_matter(folder: Path) -> None:
    assert generate(folder, "--out", str(folder / "whole"), "--workers", "2") == 0
    shards = [str(folder / f"{i}.safetensors") for i in range(3)]
    for i, path in enumerate(shards):
        assert generate(folder, "--shard", str(i), "--shards", "3", "--out", path) == 0
    assert generate(folder, "--merge", *shards, "--out", str(folder / "merged")) == 0
    for name in ("train.safetensors", "test.safetensors", "dataset.json"):
        assert (folder / "merged" / name).read_bytes() == (folder / "whole" / name).read_bytes()


def test_puzzles_come_from_a_hub_too(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hub = Hub()
    for name in ("train.csv", "test.csv"):
        hub.files[f"owner/puzzles/{name}"] = (folder / "mirror/sudoku_extreme" / name).read_bytes()
    assert generate(folder, "--out", str(folder / "mirrored")) == 0
    monkeypatch.delenv("HRM_MIRROR")
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    hub.breaks = 1
    assert generate(folder, "--out", str(folder / "fetched")) == 0
    hub.close()
    assert (folder / "fetched/dataset.json").read_bytes() == (folder / "mirrored/dataset.json").read_bytes()


def test_wrong_files_are_one_clear_line(
    folder: Path, boards: tuple[np.ndarray, np.ndarray], capsys: pytest.CaptureFixture[str]
) -> None:
    assert "holds 7 puzzles; test_puzzles is 8" in refused(folder, capsys, "--set", "test_puzzles=8")
    assert "holds 12 puzzles; train_puzzles is 13" in refused(folder, capsys, "--set", "train_puzzles=13")
    mirror = folder / "mirror/sudoku_extreme"
    rows = [["s", text(p), text(s), 1] for p, s in zip(*boards, strict=True)]
    for column, value, message in [
        (2, text(boards[1][0]), "line 6: the answer is not the puzzle's solution"),
        (1, "x" * 81, "line 6: character 1 is 'x'"),
        (3, "hard", "line 6: rating is 'hard'"),
    ]:
        wrong = [list(row) for row in rows[TRAIN:]]
        wrong[4][column] = value
        write_csv(mirror / "test.csv", wrong)
        pin(folder / "params", mirror)
        assert message in refused(folder, capsys)


def test_a_test_puzzle_that_is_a_training_puzzle_in_disguise_is_counted(
    folder: Path, boards: tuple[np.ndarray, np.ndarray]
) -> None:
    group = SudokuSymmetries(3, 3)
    code = torch.from_numpy(group.random(np.random.default_rng(0), 1))
    disguised = [group.apply(code, torch.from_numpy(part[:1])).numpy()[0] for part in boards]
    mirror = folder / "mirror/sudoku_extreme"
    rows = [["s", text(p), text(s), 1] for p, s in zip(boards[0][TRAIN:], boards[1][TRAIN:], strict=True)]
    write_csv(mirror / "test.csv", [*rows[:-1], ["s", text(disguised[0]), text(disguised[1]), 1]])
    pin(folder / "params", mirror)
    assert generate(folder, "--out", str(folder / "data"), "--set", f"train_puzzles={TRAIN}") == 0
    assert json.loads((folder / "data/dataset.json").read_text())["statistics"]["test_equivalent_to_training"] == 1


def test_wishes_belong_to_the_generator() -> None:
    for task, train in (("sudoku", 1000), ("sudoku_full", 3_831_994)):
        params = data_params(PARAMS, "paper", task, [])
        assert params.published
        assert (params.train_wanted, params.test_wanted) == (train, 422_786)
        assert params.described == "puzzles of Sudoku-Extreme"
        for scale in ("smoke", "gpu"):
            assert not data_params(PARAMS, scale, task, []).published
    for scale, override, message in [
        ("paper", "clues=minimal", "clues must be null where source is published"),
        ("paper", "box_height=2", "must be 3 where source is published"),
        ("gpu", "rating=null", "rating must be set where source is generated"),
    ]:
        with pytest.raises(ParameterError, match=message):
            data_params(PARAMS, scale, "sudoku", [override])


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([(2, 2), (2, 3), (3, 3)]))
def test_no_symmetry_changes_the_invariant(seed: int, shape: tuple[int, int]) -> None:
    group = SudokuSymmetries(*shape)
    some, grids = puzzles(*shape, 4)
    codes = torch.from_numpy(group.random(np.random.default_rng(seed), len(some)))
    moved = [group.apply(codes, torch.from_numpy(part)).numpy() for part in (some, grids)]
    assert (invariants(*moved, *shape) == invariants(some, grids, *shape)).all()


def test_equivalence_by_invariants_is_that_of_canonical_forms() -> None:
    # 4x4 with 8 clues: few classes, so that many puzzles are equivalent.
    some, grids = puzzles(2, 2, 400, 8)
    keys = class_keys(canonical_forms(some, grids, 2, 2).puzzles)
    half = len(some) // 2
    wanted = sum(key in set(keys[:half]) for key in keys[half:])
    first, second = (some[:half], grids[:half]), (some[half:], grids[half:])
    assert 0 < wanted < len(second[0])
    assert equivalent_to_any(first, second, 2, 2, 1) == wanted
    assert len(set(invariants(some, grids, 2, 2).tolist())) <= len(set(keys))
    changed = some.copy()
    changed[np.arange(len(some)), (some > 0).argmax(axis=1)] = 0
    assert (invariants(changed, grids, 2, 2) != invariants(some, grids, 2, 2)).all()
