"""params/experiments: a question each, and variants that say what they change of another one and nothing else."""

import shutil
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from dvc.utils.hydra import apply_overrides

from helpers import PARAMS
from hrm.core import files
from hrm.core.data_params import data_params
from hrm.core.errors import ParameterError
from hrm.core.experiments import variant_layers, variants
from hrm.core.params import Case, Layer, chosen_parts, merge
from hrm.core.pipeline_schema import pipeline_params
from hrm.core.schema import run_files, run_params

SCALES = sorted(path.name for path in (PARAMS / "scales").iterdir())
TASKS = sorted(path.stem for path in (PARAMS / "tasks").glob("*.yaml"))
DERIVED = [name for name, variant in variants(PARAMS).items() if "from" in variant.entry]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PARAMS, tmp_path / "params"))


def write(root: Path, name: str, entries: Mapping[str, Any], **changes: Any) -> None:
    """An experiment on Sudoku with these entries."""
    facts = {"tasks": ["sudoku"], "seeds": [7], "film": False, "variants": entries}
    (root / "experiments" / f"{name}.yaml").write_text(yaml.safe_dump(facts | changes, sort_keys=False))


def at_every_place(layers: list[Layer]) -> list[dict[str, Any]]:
    """What the layers say at each scale for each task."""
    found = []
    for scale in SCALES:
        for task in TASKS:
            cases = {"scales": Case(scale, SCALES), "tasks": Case(task, TASKS)}
            found.append(merge(part for layer in layers for part in chosen_parts(layer, cases))[0])
    return found


def leaves(values: Mapping[str, Any], at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for key, value in values.items():
        yield from leaves(value, (*at, key)) if isinstance(value, Mapping) else [(*at, key)]


def without(values: Mapping[str, Any], key: tuple[str, ...]) -> dict[str, Any]:
    changed = deepcopy(dict(values))
    inside = changed
    for part in key[:-1]:
        inside = inside[part]
    del inside[key[-1]]
    return changed


@pytest.mark.parametrize("name", DERIVED)
def test_a_variant_says_nothing_that_its_parent_says_already(name: str) -> None:
    *above, own = variant_layers(PARAMS, name)
    here = at_every_place([*above, own])
    assert here != at_every_place(above), "it changes nothing"
    for key in leaves(own.values):
        assert at_every_place([*above, own._replace(values=without(own.values, key))]) != here, ".".join(key)


def test_the_check_of_repeated_keys_finds_one() -> None:
    *above, own = variant_layers(PARAMS, "hrm_halt_loss")
    repeated = own._replace(values=dict(own.values) | {"model": {"architecture": "hrm"}})
    assert at_every_place([*above, repeated]) == at_every_place([*above, own])


@pytest.mark.parametrize("path", sorted((PARAMS / "experiments").glob("*.yaml")), ids=lambda path: path.stem)
def test_an_experiment_begins_with_its_question(path: Path) -> None:
    lines = path.read_text().splitlines()
    comment = " ".join(lines[: next(place for place, line in enumerate(lines) if not line.startswith("# "))])
    assert "?" in comment


@pytest.mark.parametrize("path", sorted((PARAMS / "experiments").glob("*.yaml")), ids=lambda path: path.stem)
def test_an_experiment_has_no_aliases(path: Path) -> None:
    # `dvc exp run -S` would lose what it sets in one of several places that are the same mapping.
    assert not [token for token in yaml.scan(path.read_text()) if isinstance(token, yaml.AliasToken)]


def test_the_pipeline_has_every_experiment() -> None:
    assert set(pipeline_params(PARAMS).experiments) == {path.stem for path in (PARAMS / "experiments").glob("*.yaml")}


def test_a_chain_through_several_files_changes_key_by_key(root: Path) -> None:
    write(root, "one", {"parent": {"from": "hrm", "model": {"high_cycles": 3, "low_cycles": 5}}})
    child = {"from": "parent", "model": {"low_cycles": 7}, "scales": {"smoke": {"train": {"steps": 11}}}}
    write(root, "another", {"child": child, "grandchild": {"from": "child", "train": {"steps": 13}}, "parent": None})
    model = run_params(root, "gpu", "sudoku", "child", []).model
    assert (model.architecture, model.high_cycles, model.low_cycles) == ("hrm", 3, 7)
    # What a variant says of all scales it changes at each, also where its parent has another value there.
    steps = [run_params(root, "smoke", "sudoku", name, []).train.steps for name in ("child", "grandchild")]
    assert steps == [11, 13]
    names = [path.relative_to(root).as_posix() for path in run_files(root, "gpu", "sudoku", "child")]
    of_variant = ["experiments/sudoku.yaml", "experiments/one.yaml", "experiments/another.yaml"]
    assert names == ["training.yaml", "scales/gpu/train/sudoku.yaml", *of_variant]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"hidden_size": "8"}, "variants.small.model.hidden_size is '8'; input should be a valid integer"),
        ({"hidden_size": -8}, "variants.small.model.hidden_size is -8; input should be greater than 0"),
        ({"hidden_size": 9, "heads": 2}, "variants.small.model.hidden_size 9 must be a multiple of twice the 2 heads"),
        ({"heads": 3}, "variants.small.model: hidden_size 512 must be a multiple of twice the 3 heads"),
        ({"hidden": 9}, "unknown key variants.small.model.hidden; allowed here are architecture, dropout"),
        ({"gradient": {"rule": "none"}}, "variants.small.model.gradient.rule is 'none'; input should be 'one_step'"),
        ({"gradient": {"rule": "last_refinement"}}, "variants.small.model.gradient.rule last_refinement needs"),
        (3, "variants.small.model is 3; input should be a valid dictionary"),
    ],
)
def test_a_mistake_in_an_entry_is_told_with_its_own_file_and_key(root: Path, model: Any, message: str) -> None:
    write(root, "small", {"small": {"from": "hrm", "model": model}})
    with pytest.raises(ParameterError) as error:
        run_params(root, "gpu", "sudoku", "small", [])
    assert str(error.value).startswith(f"{root}/experiments/small.yaml: {message}")


def test_a_mistake_of_a_parent_is_told_with_the_parents_file_and_one_at_a_scale_with_the_scale(root: Path) -> None:
    write(root, "one", {"parent": {"from": "hrm", "scales": {"gpu": {"train": {"steps": 0}}}}})
    write(root, "two", {"child": {"from": "parent", "model": {"heads": 4}}})
    with pytest.raises(ParameterError, match=r"one.yaml: variants.parent.scales.gpu.train.steps is 0; input"):
        run_params(root, "gpu", "sudoku", "child", [])
    with pytest.raises(ParameterError, match=r"^--set model.heads=3: model: hidden_size 512 must be"):
        run_params(root, "gpu", "sudoku", "hrm", ["model.heads=3"])
    write(root, "one", {"parent": {"train": {"steps": 3}}})
    where = r"training.yaml: key model.architecture is missing, and so it is in .*one.yaml: variants.parent.model.arch"
    with pytest.raises(ParameterError, match=where):
        run_params(root, "gpu", "sudoku", "parent", [])


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"a": {"from": "nobody"}}, "variants.a.from is 'nobody'; allowed are a, board_bptt"),
        ({"a": {"from": ["hrm"]}}, r"variants.a.from is \['hrm'\]; allowed are"),
        ({"a": {"from": "a"}}, "variants.a.from is a; a circle is not allowed: a from a$"),
        ({"a": {"from": "b"}, "b": {"from": "a"}}, "variants.b.from is a; a circle is not allowed: a from b from a$"),
        ({"hrm": {}}, "variants.hrm is defined in .*sudoku.yaml too; leave it empty"),
        ({"nobody": None}, "variants.nobody is empty, and no experiment defines it; allowed are board_bptt"),
        ({"a": 3}, "variants.a is 3; input should be a valid dictionary"),
        ({}, "variants: dictionary should have at least 1 item"),
    ],
)
def test_entries_that_do_not_fit_together(root: Path, entries: dict[str, Any], message: str) -> None:
    write(root, "wrong", entries)
    for read in (variants, pipeline_params, lambda root: run_params(root, "gpu", "sudoku", "hrm", [])):
        # Files are read in the order of their names: wrong.yaml after sudoku.yaml.
        with pytest.raises(ParameterError, match=rf"experiments/wrong.yaml: {message}"):
            read(root)


def edit_pipeline(root: Path, **changes: Any) -> None:
    path = root / "pipeline.yaml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | changes, sort_keys=False))


def test_a_pipeline_cut_short_builds_what_it_lists_in_its_order(root: Path) -> None:
    edit_pipeline(root, experiments=["trm_ablation", "arc"])
    pipeline = pipeline_params(root)
    assert list(pipeline.experiments) == ["trm_ablation", "arc"]
    assert pipeline.films == ["arc"]
    arc = pipeline.experiments["arc"]
    assert arc.variants[:3] == ["hrm", "transformer", "single_call"]  # as they stand in the file, also those of others
    assert arc.runs[0] == ("arc_agi_1", "hrm", 0)
    assert run_params(root, "smoke", "sudoku", "trm_separate", []).model.mixing == "mlp"  # of trm, which is not listed


@pytest.mark.parametrize(
    ("changes", "entries", "message"),
    [
        ({"experiments": ["sudok"]}, {}, "pipeline.yaml: experiments has sudok; allowed are again, arc, arc_2"),
        ({"experiments": ["arc", "arc"]}, {}, "pipeline.yaml: experiments has arc twice"),
        ({"films": ["arc"]}, {}, "pipeline.yaml: unknown key films; allowed here are datasets, experiments"),
        (
            {"datasets": ["maze_hard"]},
            {},
            "sudoku.yaml: tasks has sudoku, which is not among the datasets of .*pipeline",
        ),
        (
            {"experiments": ["sudoku", "again"]},
            {"seeds": [2]},
            "again.yaml: variants.hrm makes sudoku/hrm/2, which sudoku makes too",
        ),
        ({}, {"film": "yes"}, "again.yaml: film is 'yes'; input should be a valid boolean"),
        ({}, {"task": []}, "again.yaml: unknown key task; allowed here are film, seeds, tasks, variants"),
    ],
)
def test_a_pipeline_that_cannot_be_built(root: Path, changes: Any, entries: Any, message: str) -> None:
    edit_pipeline(root, **changes)
    write(root, "again", {"hrm": None}, **entries)
    with pytest.raises(ParameterError, match=message):
        pipeline_params(root)


def test_dvc_sets_a_key_of_one_variant_and_keeps_the_comments(root: Path) -> None:
    path = root / "experiments" / "sudoku.yaml"
    before = {name: run_params(root, "gpu", "sudoku", name, []) for name in ("hrm", "hrm_halt_loss", "transformer")}
    apply_overrides(path, ["++variants.hrm.halting.exploration=0.2"])  # two plus signs: also where it is not there yet
    apply_overrides(path, ["variants.hrm_halt_loss.scales.smoke.halting.exploration=0.3"])
    now = {name: run_params(root, "gpu", "sudoku", name, []) for name in before}
    assert [now[name].halting.exploration for name in before] == [0.2, 0.2, 0.1]
    assert now["transformer"] == before["transformer"]
    assert run_params(root, "smoke", "sudoku", "hrm_halt_loss", []).halting.exploration == 0.3
    assert path.read_text().startswith("# How many Sudokus")


def test_an_edited_file_counts_at_once_and_an_unchanged_one_is_parsed_once(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = root / "scales" / "gpu" / "train" / "sudoku.yaml"
    for steps in range(10, 40):  # as many bytes each, written within a tick of the clock
        path.write_text(f"train: {{steps: {steps}}}\n")
        assert run_params(root, "gpu", "sudoku", "hrm", []).train.steps == steps
    parsed = []
    plain = yaml.load
    monkeypatch.setattr(files.yaml, "load", lambda *given, **more: parsed.append(given) or plain(*given, **more))
    for name in variants(root):
        run_params(root, "gpu", "sudoku", name, [])
    pipeline_params(root)
    assert len(parsed) <= 1  # pipeline.yaml, where nothing has read it


def test_a_file_of_a_scale_may_be_from_one_of_another_task_or_scale(root: Path) -> None:
    folder = root / "scales" / "gpu" / "train"
    (folder / "boards.yaml").write_text("from: sudoku\ntrain: {batch_size: 3}\n")
    (folder / "sudoku.yaml").write_text("from: smoke/maze_hard\ntrain: {steps: 5}\n")
    run = run_params(root, "gpu", "boards", "hrm", [])
    above = run_params(root, "smoke", "maze_hard", "hrm", [])
    assert run == above.model_copy(update={"train": above.train.model_copy(update={"steps": 5, "batch_size": 3})})
    (root / "tasks" / "boards.yaml").write_text("from: sudoku\ntask: boards\nseed: 9\n")
    shutil.copy(root / "scales" / "gpu" / "data" / "sudoku.yaml", root / "scales" / "gpu" / "data" / "boards.yaml")
    made, of_sudoku = data_params(root, "gpu", "boards", []), data_params(root, "gpu", "sudoku", [])
    assert made == of_sudoku.model_copy(update={"task": "boards", "seed": 9})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("from: nothing", "boards.yaml: from is 'nothing'; there must be .*gpu/train/nothing.yaml"),
        ("from: huge/boards", "boards.yaml: from is 'huge/boards'; there must be .*scales/huge/train/boards.yaml"),
        ("from: [sudoku]", r"boards.yaml: from is \['sudoku'\]; there must be .*NAME.yaml"),
        ("from: boards", "boards.yaml: from is .*boards.yaml; a circle is not allowed"),
        ("from: sudoku\ntrain: {steps: 0}", "gpu/train/boards.yaml: train.steps is 0"),
    ],
)
def test_a_file_from_one_that_cannot_be(root: Path, text: str, message: str) -> None:
    (root / "scales" / "gpu" / "train" / "boards.yaml").write_text(text + "\n")
    with pytest.raises(ParameterError, match=message):
        run_params(root, "gpu", "boards", "hrm", [])


def test_no_file_of_a_scale_or_a_task_says_what_the_one_it_is_from_says() -> None:
    for path in sorted([*PARAMS.glob("scales/*/*/*.yaml"), *PARAMS.glob("tasks/*.yaml")]):
        assert not path.is_symlink(), path
        values = files.read_yaml(path)
        while "from" in values:
            scale, _, task = values["from"].rpartition("/")
            above = path.with_name(f"{task}.yaml")
            if scale:
                above = PARAMS / "scales" / scale / path.parent.name / f"{task}.yaml"
            own, values = values, files.read_yaml(above)
            for key in leaves(own):
                found: Any = values
                for part in key:
                    found = found.get(part) if isinstance(found, Mapping) else None
                mine: Any = own
                for part in key:
                    mine = mine[part]
                assert found is None or found != mine, (path, key)
