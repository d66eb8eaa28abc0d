"""The published data format: what goes out comes back, and broken folders are named."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import PARAMS, tiny_dataset
from hrm.cli import main
from hrm.core.data_params import data_params
from hrm.data.dataset import NONE, Dataset, Split, load_dataset, save_dataset
from hrm.data.sudoku.plan import group_order
from hrm.data.task import Augmenter, Examples, augmenter
from hrm.interop import export_dataset as export_module
from hrm.interop.export_dataset import export_dataset
from hrm.interop.import_dataset import import_dataset


def random_split(rng: np.random.Generator, groups: int, columns: int, first_id: int) -> tuple[Split, int]:
    """Groups of 1 to 3 examples of random 4x4 tokens, with up to `columns` symmetries; the next free id."""
    sizes = rng.integers(1, 4, groups)
    tokens = rng.integers(0, 6, (2, sizes.sum(), 16), dtype=np.uint8)
    plan = rng.integers(0, group_order(2, 2), (groups, columns), dtype=np.int64)
    counts = rng.integers(1, columns + 1, groups) if columns else np.ones(groups, dtype=np.int64)
    plan[np.arange(columns) >= counts[:, None]] = NONE
    plan[:, :1] = 0
    first_ids = first_id + np.cumsum(counts) - counts
    rating = rng.integers(0, 99, sizes.sum()).astype(np.int32)
    split = Split(
        *tokens, rating, np.repeat(np.arange(groups, dtype=np.int32), sizes), plan, first_ids.astype(np.int32)
    )
    return split, first_id + int(counts.sum())


def random_dataset(seed: int, groups: int, columns: int) -> Dataset:
    rng = np.random.default_rng(seed)
    train, free = random_split(rng, groups, columns, 1)
    test, free = random_split(rng, groups, columns, free)
    names = {"train": [f"a{g}" for g in range(groups)], "test": [f"b{g}" for g in range(groups)]}
    counts = {"train_examples": len(train.inputs), "test_examples": len(test.inputs)}
    info = tiny_dataset().info.model_copy(update={"puzzle_ids": free, "group_names": names, **counts})
    return Dataset(info, train, test)


def stored(dataset: Dataset, folder: Path) -> Path:
    save_dataset(
        folder,
        dataset.train,
        dataset.test,
        dataset.info.model_dump(exclude={"train_examples", "test_examples", "sha256"}),
    )
    return folder


def read(folder: Path, split: str) -> dict[str, np.ndarray]:
    return {path.stem.removeprefix("all__"): np.load(path) for path in (folder / split).glob("*.npy")}


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 5), st.integers(0, 4), st.sampled_from([None, 0, 1]))
def test_exported_puzzles_are_the_groups_under_their_symmetries(
    tmp_path_factory: pytest.TempPathFactory, seed: int, groups: int, columns: int, limit: int | None
) -> None:
    dataset = random_dataset(seed, groups, columns)
    folder = tmp_path_factory.mktemp("export") / "out"
    export_dataset(dataset, folder, limit, True, str)
    apply = augmenter(dataset.info).apply
    names = json.loads((folder / "identifiers.json").read_text())
    assert names[0] == "<blank>"
    for name, split in (("train", dataset.train), ("test", dataset.test)):
        arrays = read(folder, name)
        info = json.loads((folder / name / "dataset.json").read_text())
        assert info["total_groups"] == groups == len(arrays["group_indices"]) - 1
        assert info["num_puzzle_identifiers"] == len(names)
        assert info["mean_puzzle_examples"] == len(arrays["inputs"]) / len(arrays["puzzle_identifiers"])
        for group in range(groups):
            rows = np.flatnonzero(split.groups == group)
            codes = split.plan[group][split.plan[group] != NONE] if columns else np.zeros(1, dtype=np.int64)
            codes = codes if limit is None else codes[: limit + 1]
            first, end = arrays["group_indices"][group : group + 2]
            assert end - first == len(codes)
            for j, code in enumerate(codes):
                start, stop = arrays["puzzle_indices"][first + j : first + j + 2]
                examples = Examples(torch.from_numpy(split.inputs[rows]), torch.from_numpy(split.labels[rows]))
                wanted = apply(examples, torch.full((len(rows),), int(code)))
                assert (arrays["inputs"][start:stop] == wanted.inputs.numpy()).all()
                assert (arrays["labels"][start:stop] == wanted.labels.numpy()).all()
                identifier = arrays["puzzle_identifiers"][first + j]
                assert identifier == split.first_ids[group] + j
                assert names[identifier].startswith(dataset.info.group_names[name][group])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 5), st.integers(0, 4))
def test_what_is_imported_again_is_the_same(
    tmp_path_factory: pytest.TempPathFactory, seed: int, groups: int, columns: int
) -> None:
    dataset = random_dataset(seed, groups, columns)
    folder = tmp_path_factory.mktemp("round")
    export_dataset(dataset, folder / "out", None, True, str)
    import_dataset(folder / "out", data_params(PARAMS, "smoke", "sudoku", []), folder / "data")
    again = load_dataset(folder / "data")
    assert again.info.puzzle_ids == dataset.info.puzzle_ids
    for name, split, came in (("train", dataset.train, again.train), ("test", dataset.test, again.test)):
        arrays = read(folder / "out", name)
        assert (came.inputs == arrays["inputs"]).all()
        assert (came.labels == arrays["labels"]).all()
        assert (np.bincount(came.groups) == np.diff(arrays["puzzle_indices"])).all()
        assert (came.first_ids == arrays["puzzle_identifiers"]).all()
        assert came.plan.shape == (len(arrays["puzzle_identifiers"]), 0)
        if columns <= 1:  # no augmentation: the very examples, groups and identifiers
            for field in ("inputs", "labels", "rating", "groups", "first_ids"):
                assert (getattr(came, field) == getattr(split, field)).all()
            assert again.info.group_names == dataset.info.group_names
    # Imported data can be exported again, to the same files.
    export_dataset(again, folder / "second", None, True, str)
    for name in ("train", "test"):
        first, second = read(folder / "out", name), read(folder / "second", name)
        for field in ("inputs", "labels", "ratings", "puzzle_identifiers", "puzzle_indices"):
            assert (first[field] == second[field]).all()


def test_commands_write_and_read_and_refuse_to_overwrite(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = stored(tiny_dataset(), tmp_path / "data")
    assert main(["export-dataset", str(data), "--out", str(tmp_path / "out"), "--augmentations", "1"]) == 0
    assert "24 training and 24 test examples" in capsys.readouterr().out
    assert json.loads((tmp_path / "out/identifiers.json").read_text()) == ["<blank>"]
    assert json.loads((tmp_path / "out/train/dataset.json").read_text())["vocab_size"] == 6
    options = ["--task", "sudoku", "--scale", "smoke", "--params", str(PARAMS), "--out", str(tmp_path / "again")]
    assert main(["import-dataset", str(tmp_path / "out"), *options]) == 0
    assert load_dataset(tmp_path / "again").info.train_examples == 24
    assert main(["export-dataset", str(data), "--out", str(tmp_path / "out")]) == 2
    assert "exists already" in capsys.readouterr().err


def test_augmented_arc_puzzles_are_named_as_the_published_builder_names_them(tmp_path: Path) -> None:
    grids = np.array([[2, 3, 1, 4, 5, 1, 1, 1, 0]], dtype=np.uint8)  # two by two, with end marks
    split = Split(
        grids,
        grids,
        np.zeros(1, dtype=np.int32),
        np.zeros(1, dtype=np.int32),
        np.array([[0, 1, 8 * 1 + 6, NONE]]),
        np.ones(1, dtype=np.int32),
    )
    info = tiny_dataset().info.model_copy(
        update={"family": "arc", "grid_shape": [3, 3], "vocabulary_size": 12, "puzzle_ids": 4}
    )
    dataset = Dataset(
        info.model_copy(update={"group_names": {"train": ["007bbfb7"], "test": ["007bbfb7"]}}), split, split
    )
    export_dataset(dataset, tmp_path / "out", None, False, str)
    names = json.loads((tmp_path / "out/identifiers.json").read_text())
    assert names == ["<blank>", "007bbfb7", "007bbfb7_t1_0123456789", "007bbfb7_t6_0123456798"]
    assert read(tmp_path / "out", "train")["puzzle_identifiers"].tolist() == [1, 2, 3]


@pytest.mark.parametrize("chunk", [3, 1 << 16])
def test_translation_leaves_one_example_a_puzzle_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    dataset = random_dataset(1, 5, 3)
    apply = augmenter(dataset.info).apply

    def translate(examples: Examples, draws: torch.Tensor) -> Examples:
        moved = (draws.sum(1, keepdim=True) > 0) * 100
        return Examples(*(tokens + moved.to(torch.uint8) for tokens in examples))

    monkeypatch.setattr(export_module, "augmenter", lambda _: Augmenter(apply, translate))
    monkeypatch.setattr(export_module, "CHUNK", chunk)
    export_dataset(dataset, tmp_path / "out", None, True, str)
    arrays = read(tmp_path / "out", "train")
    moved = (arrays["inputs"] >= 100).all(axis=1)
    starts, sizes = arrays["puzzle_indices"][:-1], np.diff(arrays["puzzle_indices"])
    assert (np.add.reduceat(moved, starts) == sizes - 1).all()
    assert len(set(np.flatnonzero(~moved) - starts)) > 1  # not always the first
    assert (read(tmp_path / "out", "test")["inputs"] < 100).all()
    export_dataset(dataset, tmp_path / "still", None, False, str)
    assert (read(tmp_path / "still", "train")["inputs"] < 100).all()


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published") / "out"
    export_dataset(random_dataset(5, 4, 3), folder, None, True, str)
    return folder


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def change(field: str, edit: object) -> object:
    def apply(folder: Path) -> None:
        path = folder / f"train/all__{field}.npy"
        np.save(path, edit(np.load(path)), allow_pickle=True)  # type: ignore[operator]

    return apply


def set_key(key: str, value: object) -> object:
    def apply(folder: Path) -> None:
        path = folder / "train/dataset.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))

    return apply


BROKEN = {
    "missing": (lambda folder: (folder / "test/all__labels.npy").unlink(), "test/all__labels.npy: cannot be read"),
    "cut": (lambda folder: cut(folder / "train/all__inputs.npy"), "all__inputs.npy: is not a whole .npy file"),
    "text": (lambda folder: (folder / "train/all__inputs.npy").write_text("no"), "all__inputs.npy: is not a whole"),
    "pickle": (change("labels", lambda x: x.astype(object)), "all__labels.npy: is not a whole .npy file of numbers"),
    "floats": (change("labels", lambda x: x.astype(float)), "all__labels.npy: holds float64"),
    "short": (change("labels", lambda x: x[:-1]), "all__labels.npy: has shape"),
    "token": (change("inputs", lambda x: x + 100), "vocab_size is 6"),
    "identifier": (change("puzzle_identifiers", lambda x: x + 1000), "num_puzzle_identifiers is"),
    "order": (change("puzzle_indices", lambda x: x[::-1]), "must begin with 0 and rise"),
    "end": (change("group_indices", lambda x: x[:-1]), "all__group_indices.npy: ends at"),
    "count": (change("puzzle_indices", lambda x: np.array([0, x[-1]])), "has 2 entries"),
    "names": (lambda folder: (folder / "identifiers.json").write_text('["<blank>"]'), "identifiers.json: must hold"),
    "pad": (set_key("pad_id", 5), "pad_id is 5"),
    "ignore": (set_key("ignore_label_id", None), "ignore_label_id is None"),
    "cells": (set_key("seq_len", 25), "differ in seq_len"),
    "type": (set_key("vocab_size", "six"), "train/dataset.json: vocab_size is 'six'"),
    "sets": (set_key("sets", ["other"]), "other__inputs.npy: cannot be read"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_folders_are_one_clear_line(
    published: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    spoil, message = BROKEN[name]
    folder = Path(shutil.copytree(published, tmp_path / "broken"))
    spoil(folder)  # type: ignore[operator]
    options = ["--task", "sudoku", "--scale", "smoke", "--params", str(PARAMS), "--out", str(tmp_path / "data")]
    capsys.readouterr()
    assert main(["import-dataset", str(folder), *options]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1
    assert message in lines[0]
    assert not (tmp_path / "data").exists()


def test_another_grid_than_the_tasks_is_refused(published: Path, tmp_path: Path) -> None:
    options = ["--task", "sudoku", "--scale", "gpu", "--params", str(PARAMS), "--out", str(tmp_path / "data")]
    assert main(["import-dataset", str(published), *options]) == 2
