"""A fresh clone after one run; what a colleague gets from git and a DVC remote; bad parameters."""

from pathlib import Path

import pytest
from workspace import FIRST, NOTHING, RUN, SECOND, Workspace

pytestmark = pytest.mark.workflow
FIGURES = ("difficulty", "curves", "segments", "steps")


def test_one_run_makes_everything_and_leaves_both_tools_with_nothing_to_do(project: Workspace) -> None:
    for name in ("model.safetensors", "history.csv", "provenance.json", "raw/metrics.json", "ema/evaluation.json"):
        assert all((project.path / RUN.format(variant) / name).is_file() for variant in (FIRST, SECOND))
    for figure in FIGURES:
        assert all((project.path / f"figures/smoke/sudoku_{figure}.{kind}").is_file() for kind in ("svg", "png"))
    assert (project.path / "results/smoke/claims.md").is_file()
    assert project.stale() == set()
    assert NOTHING in project.snakemake("-n").text


def test_data_and_models_are_not_in_git_but_metrics_and_figures_are(finished: Workspace) -> None:
    tracked = set(finished.git("ls-files").text.split())
    assert {f"{RUN.format(FIRST)}/raw/metrics.json", f"{RUN.format(FIRST)}/history.csv", "dvc.lock"} <= tracked
    assert "figures/smoke/sudoku_curves.svg" in tracked
    assert not [name for name in tracked if name.startswith("data/") or name.endswith(".safetensors")]


def test_push_then_clone_and_pull_leaves_snakemake_with_nothing_to_do(project: Workspace, tmp_path: Path) -> None:
    project.dvc("remote", "add", "-q", "-d", "store", str(tmp_path / "store"))
    project.commit("a remote")
    project.dvc("push", "-q")

    colleague = project.clone(tmp_path / "colleague")
    colleague.dvc("pull", "-q")

    # A job asked for by its file is judged with its benchmark file, which only the machine that ran it has.
    assert NOTHING in colleague.snakemake("-n", "all", f"{RUN.format(FIRST)}/model.safetensors").text
    assert colleague.stale() == set()
    colleague.snakemake("--report", "report.html")
    report = (colleague.path / "report.html").read_text()
    assert "guesses of the" in report and "verdicts on the published claims" in report


@pytest.mark.slow
def test_a_clone_without_a_pull_does_all_that_git_does_not_hold(project: Workspace, tmp_path: Path) -> None:
    jobs = project.clone(tmp_path / "bare").snakemake("-n").jobs
    assert {f"train@smoke-sudoku-{variant}-0" for variant in (FIRST, SECOND)} < jobs
    assert "dataset@smoke-sudoku" in jobs


def test_bad_parameters_end_in_one_line_that_names_file_and_key(project: Workspace) -> None:
    with (project.path / f"params/variants/{FIRST}.yaml").open("a") as file:
        file.write("optimizer:\n  weight_decay: 1e-4\n")  # YAML 1.1 takes it for text
    result = project.snakemake("-n", code=2)
    lines = [line for line in result.text.splitlines() if "profile" not in line]
    assert len(lines) == 1
    assert f"params/variants/{FIRST}.yaml" in lines[0] and "weight_decay" in lines[0] and "1e-4" in lines[0]
