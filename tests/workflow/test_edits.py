"""An edit reruns what depends on it and nothing else, in either tool; a revert runs nothing."""

import json
from pathlib import Path

import pytest
from workspace import FIRST, NOTHING, PARAMS, RUN, SECOND, SOURCE, Workspace

from hrm.report.comparison_schema import comparison_params

pytestmark = pytest.mark.workflow
VARIANT = f"params/variants/{SECOND}.yaml"
TRAIN, EVALUATE = (f"{rule}@smoke-sudoku-{SECOND}-0" for rule in ("train", "evaluate"))
ON_SUDOKU = [name for name, group in PARAMS["pipeline.yaml"]["experiments"].items() if group["tasks"] == ["sudoku"]]
DRAWN = {f"render_{name}@smoke-{group}" for name in ("curves", "segments") for group in ON_SUDOKU}
AGGREGATES = {"aggregate@smoke-boards", "render_aggregates@smoke-boards"}  # from the table of all runs
CHART_NAMES = comparison_params(SOURCE / "params").charts
CHARTS = {f"{rule}@smoke-{chart}" for rule in ("compare_chart", "render_chart") for chart in CHART_NAMES}
TABLES = {"summarise@smoke", "claims@smoke", "report_page@smoke", *AGGREGATES, *CHARTS, *DRAWN}
FIGURES = {f"render_{name}@smoke-sudoku" for name in ("difficulty", "curves", "segments", "steps")}


def edit_variant(project: Workspace) -> None:
    project.set(VARIANT, {"optimizer": {"learning_rate": 0.05}})


@pytest.mark.slow
def test_an_edited_variant_reruns_alone_shows_in_metrics_diff_and_reverts_for_free(
    project: Workspace, tmp_path: Path
) -> None:
    project.git("checkout", "-q", "-b", "edited")
    edit_variant(project)
    assert project.snakemake().jobs | {"claims@smoke"} == {TRAIN, EVALUATE, *TABLES}
    assert project.stale() == set()
    project.commit("another learning rate")

    clone = project.clone(tmp_path / "clone")  # on the branch `edited`, without data or models
    assert set(json.loads(clone.dvc("metrics", "diff", "origin/main", "--json").text)) == {
        f"{RUN.format(SECOND)}/{weights}/metrics.json" for weights in ("raw", "ema")
    }  # the network before training is the same
    assert set(json.loads(clone.dvc("params", "diff", "origin/main", "--json").text)) == {VARIANT}

    project.git("checkout", "-q", "main", "--", VARIANT)
    restored = project.dvc("repro").text
    assert "is cached - skipping run" in restored
    assert "Running stage" not in restored
    assert project.git("diff", "--stat", "main", "--", "results", "figures", "dvc.lock").text == ""
    assert NOTHING in project.snakemake("-n").text


@pytest.mark.slow
def test_dvc_repro_reruns_the_edited_variant_and_leaves_snakemake_with_nothing_to_do(project: Workspace) -> None:
    edit_variant(project)
    result = project.dvc("repro")
    assert result.jobs >= {TRAIN, EVALUATE}
    assert not result.jobs & {f"train@smoke-sudoku-{FIRST}-0", f"evaluate@smoke-sudoku-{FIRST}-0"}
    assert NOTHING in project.snakemake("-n").text
    assert project.stale() == set()
    # What `dvc repro` ran is in the run cache too: back, and forth again, without a training.
    project.git("checkout", "-q", "--", VARIANT)
    assert not project.dvc("repro").jobs
    edit_variant(project)
    assert not project.dvc("repro").jobs


EDITS = [
    ("src/hrm/evaluation/measures.py", {EVALUATE}, {"train", "dataset", "generate_shard"}),
    ("src/hrm/report/figure_curves.py", FIGURES, {"train", "evaluate", "dataset", "summarise"}),
    ("src/hrm/training/losses.py", {TRAIN}, {"dataset", "generate_shard"}),
]


@pytest.mark.parametrize(
    ("module", "first", "untouched"), [EDITS[0], *(pytest.param(*edit, marks=pytest.mark.slow) for edit in EDITS[1:])]
)
def test_an_edited_module_reruns_the_phases_that_run_it_until_it_is_reverted(
    project: Workspace, module: str, first: set[str], untouched: set[str]
) -> None:
    project.edit_code(module)
    jobs = project.snakemake("-n").jobs
    assert first | {"claims@smoke", "render_segments@smoke-sudoku"} <= jobs
    assert not {job.split("@")[0] for job in jobs} & untouched
    project.git("checkout", "-q", "--", module)  # a new time, the old content
    assert NOTHING in project.snakemake("-n").text


@pytest.mark.slow
@pytest.mark.parametrize(("module", "first", "untouched"), EDITS)
def test_dvc_calls_the_stages_of_an_edited_module_stale(
    project: Workspace, module: str, first: set[str], untouched: set[str]
) -> None:
    project.edit_code(module)
    stale = project.stale_jobs()
    assert first <= stale
    assert not {job.split("@")[0] for job in stale} & untouched


@pytest.mark.slow
def test_dvc_exp_run_tries_a_value_and_keeps_it_apart(project: Workspace) -> None:
    value = "params/scales/smoke/train/sudoku.yaml:optimizer.learning_rate=0.05"
    project.dvc("exp", "run", "-q", "-n", "faster", "-S", value, TRAIN.replace("train@", "train_sudoku@"))
    assert "faster" in project.dvc("exp", "list").text
    assert NOTHING in project.snakemake("-n", f"{RUN.format(SECOND)}/model.safetensors").text
