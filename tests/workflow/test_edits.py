"""An edit reruns what depends on it and nothing else, in either tool; what decides nothing runs nothing."""

import json
import os
from pathlib import Path

import pytest
from workspace import EXPERIMENT, FIRST, NOTHING, SECOND, Workspace

pytestmark = pytest.mark.workflow
TRAIN = {name: f"train sudoku/{name} seed 0" for name in (FIRST, SECOND)}
EVALUATE = {name: f"evaluate sudoku/{name} seed 0" for name in (FIRST, SECOND)}
LOSSES = "src/hrm/training/losses.py"


def edit_variant(project: Workspace) -> None:
    project.set_variant(SECOND, {"optimizer": {"learning_rate": 0.05}})


def planned(project: Workspace) -> set[str]:
    return project.snakemake("-n").jobs


def rules(jobs: set[str]) -> set[str]:
    return {job.split()[0] for job in jobs}


def test_an_edited_variant_reruns_alone_shows_in_metrics_diff_and_reverts_for_free(
    project: Workspace, tmp_path: Path
) -> None:
    project.git("checkout", "-q", "-b", "edited")
    edit_variant(project)
    done = project.snakemake().jobs
    assert {TRAIN[SECOND], EVALUATE[SECOND], "publish"} <= done
    assert not {TRAIN[FIRST], EVALUATE[FIRST]} & done
    assert project.stale() == set()
    project.commit("another learning rate")

    clone = project.clone(tmp_path / "clone")  # on the branch `edited`, without data or models
    told = json.loads(clone.dvc("metrics", "diff", "origin/main", "--json").text)
    assert set(told) <= {"results/metrics.json"}
    assert all(name.startswith(f"smoke.sudoku.{SECOND}.") for name in told.get("results/metrics.json", {}))

    project.git("checkout", "-q", "main", "--", EXPERIMENT)
    assert planned(project) == {"publish"}  # the old folders are there; plain names are copied anew
    project.dvc("repro")
    assert project.git("diff", "--stat", "main", "--", "results", "params").text == ""
    assert NOTHING in project.snakemake("-n").text
    assert project.stale() == set()


@pytest.mark.slow
def test_dvc_repro_reruns_the_edited_variant_and_leaves_snakemake_with_nothing_to_do(project: Workspace) -> None:
    edit_variant(project)
    done = project.dvc("repro").jobs
    assert {TRAIN[SECOND], EVALUATE[SECOND]} <= done
    assert not {TRAIN[FIRST], EVALUATE[FIRST]} & done
    assert NOTHING in project.snakemake("-n").text
    assert project.stale() == set()


def test_what_decides_nothing_plans_nothing(project: Workspace) -> None:
    project.replace(LOSSES, '"""Ordinary cross entropy in float32.', '# a remark\n    """Another docstring.')
    os.utime(project.path / LOSSES, (1893456000, 1893456000))  # 2030
    for number, path in enumerate(sorted((project.path / "results").rglob("*.json"))):
        os.utime(path, (number * 1000.0, number * 1000.0))
    project.replace("params/training.yaml", "optimizer:\n", "# another remark\noptimizer:\n")
    assert NOTHING in project.snakemake("-n").text
    assert NOTHING in project.dvc("repro").text  # a moment, for DVC's own hash of the folder of sources
    assert project.stale() == set()


EDITS = {
    "a line of the training": (
        (LOSSES, "wide < 0,", "wide <= 0,"),
        set(TRAIN.values()) | set(EVALUATE.values()),
        {"generate", "dataset", "contact"},
    ),
    "a constant of the evaluation": (
        ("src/hrm/report/headline_metrics.py", "DECIMALS = 2", "DECIMALS = 3"),
        {"publish"},
        {"train", "evaluate", "draw", "dataset"},
    ),
    "a figure": (
        ("src/hrm/report/figures/segments.py", "MOST = 5", "MOST = 4"),
        {"draw sudoku_segments", "publish"},
        {"train", "evaluate", "dataset", "summarise", "claims"},
    ),
    "a schema": (
        ("src/hrm/core/vote_schema.py", "class VoteParams(Params):", "EDITED = True\n\n\nclass VoteParams(Params):"),
        set(EVALUATE.values()),
        set(),
    ),
    "a shared layer": (
        ("src/hrm/models/layers.py", "import torch\n", "import torch\n\nEDITED = True\n"),
        set(TRAIN.values()),
        {"generate", "dataset"},
    ),
    "a parameter of the task": (
        ("params/scales/smoke/data/sudoku.yaml", "test_puzzles: 20", "test_puzzles: 21"),
        {"dataset sudoku", *TRAIN.values(), *EVALUATE.values()},
        set(),
    ),
    "words of the page": (
        ("params/report.yaml", 'title: "Hierarchical', 'title: "The Hierarchical'),
        {"publish"},
        {"train", "draw", "claims"},
    ),
}


@pytest.mark.parametrize(
    "edit", [name if name == "a line of the training" else pytest.param(name, marks=pytest.mark.slow) for name in EDITS]
)
def test_an_edit_makes_stale_what_it_reaches(project: Workspace, edit: str) -> None:
    (name, old, new), wanted, untouched = EDITS[edit]
    project.replace(name, old, new)
    jobs = planned(project)
    assert wanted <= jobs
    assert not rules(jobs) & untouched
    assert project.stale() != set()  # DVC compares the sources and parameters byte by byte
    project.git("checkout", "-q", "--", name)
    assert NOTHING in project.snakemake("-n").text


@pytest.mark.slow
def test_a_deleted_model_is_made_again_and_other_runs_stay(project: Workspace) -> None:
    (project.folder(FIRST, "train") / "model.safetensors").unlink()
    before = (project.folder(FIRST, "evaluation") / "raw/segments.csv").read_bytes()
    done = project.snakemake().jobs  # Snakemake measures a network anew that it has trained anew
    assert TRAIN[FIRST] in done and rules(done) <= {"train", "evaluate", "analyse", "publish"}
    assert not {TRAIN[SECOND], EVALUATE[SECOND]} & done
    assert (project.folder(FIRST, "evaluation") / "raw/segments.csv").read_bytes() == before
    assert project.stale() == set()


@pytest.mark.slow
def test_an_edited_shared_layer_of_a_branch_comes_back_with_git_and_dvc_checkout(project: Workspace) -> None:
    project.git("checkout", "-q", "-b", "edited")
    edit_variant(project)
    project.snakemake()
    project.commit("edited")
    project.git("checkout", "-q", "main")
    project.dvc("checkout", "-q")
    assert planned(project) <= {"publish"}
    project.snakemake()
    assert project.stale() == set()


@pytest.mark.slow
def test_dvc_exp_run_tries_a_value_and_keeps_it_apart(project: Workspace) -> None:
    value = "params/scales/smoke/train/sudoku.yaml:optimizer.learning_rate=0.05"
    project.dvc("exp", "run", "-q", "-n", "faster", "-S", value)
    assert "faster" in project.dvc("exp", "list").text
    shown = project.dvc("exp", "show", "--only-changed").text
    assert max(map(len, shown.splitlines())) <= 120
    assert NOTHING in project.snakemake("-n").text


def test_a_file_that_changes_while_the_pipeline_runs_stops_the_jobs_that_it_decides(project: Workspace) -> None:
    key = project.folder(SECOND, "train").name.rpartition("-")[2]
    project.snakemake("-n")  # takes the snapshot
    command = ["hrm", "train", "--key", key, "--task", "sudoku", "--variant", SECOND, "--scale", "smoke", "--seed", "0"]
    data = next((project.path / "data/smoke/sudoku").iterdir())
    os.environ["HRM_SNAPSHOT"] = str(project.path / ".snakemake/hrm_snapshot.json")
    try:
        edit_variant(project)
        told = project.run(*command, "--data", str(data), "--out", "elsewhere", code=2)
        assert f"{EXPERIMENT} changed while the pipeline ran" in told.text
        assert not (project.path / "elsewhere").exists()
    finally:
        del os.environ["HRM_SNAPSHOT"]


def test_old_folders_are_listed_and_removed(project: Workspace) -> None:
    old = project.folder(SECOND, "train")
    edit_variant(project)
    assert f"missing {old.parent.relative_to(project.path)}/train-" in project.run("hrm", "runs", "--missing").text
    assert str(old.relative_to(project.path)) in project.run("hrm", "clean", "--dry-run").text
    assert old.is_dir()
    project.run("hrm", "clean")
    assert not old.exists()
    assert project.folder(FIRST, "train").is_dir()
    project.git("checkout", "-q", "--", EXPERIMENT)
    jobs = planned(project)
    assert {TRAIN[SECOND], EVALUATE[SECOND]} <= jobs and TRAIN[FIRST] not in jobs
