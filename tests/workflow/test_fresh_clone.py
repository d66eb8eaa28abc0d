"""A fresh clone after one run; what a colleague gets from git and a DVC remote; bad parameters."""

from pathlib import Path

import pytest
from workspace import EXPERIMENT, FIRST, NOTHING, SECOND, Workspace

pytestmark = pytest.mark.workflow
FIGURES = ("difficulty", "curves", "segments", "steps")


def test_one_run_makes_everything_and_leaves_both_tools_with_nothing_to_do(project: Workspace) -> None:
    for variant in (FIRST, SECOND):
        for name in ("model.safetensors", "history.csv", "provenance.json"):
            assert (project.folder(variant, "train") / name).is_file()
        for name in ("raw/metrics.json", "ema/evaluation.json"):
            assert (project.folder(variant, "evaluation") / name).is_file()
    for figure in FIGURES:
        assert all((project.path / f"figures/smoke/sudoku_{figure}.{kind}").is_file() for kind in ("svg", "png"))
    for name in ("claims.md", "claims.json", "summary.csv", "runs.csv", "report.html"):
        assert (project.path / "results/smoke" / name).is_file()
    assert project.stale() == set()
    assert NOTHING in project.snakemake("-n").text


def test_git_holds_one_table_of_results(finished: Workspace) -> None:
    tracked = set(finished.git("ls-files").text.split())
    assert {"results/metrics.json", "dvc.lock"} <= tracked
    assert not [name for name in tracked if name.startswith(("data/", "figures/", "results/smoke"))]
    assert len(finished.git("status", "--short").text.splitlines()) == 0


def test_push_then_clone_and_pull_leaves_snakemake_with_nothing_to_do(project: Workspace, tmp_path: Path) -> None:
    project.dvc("remote", "add", "-q", "-d", "store", str(tmp_path / "store"))
    project.commit("a remote")
    project.dvc("push", "-q")

    colleague = project.clone(tmp_path / "colleague")
    assert colleague.run("dvc", "repro", "--dry").code == 0
    colleague.dvc("pull", "-q")
    assert NOTHING in colleague.snakemake("-n").text
    assert colleague.stale() == set()
    colleague.set_variant(SECOND, {"optimizer": {"learning_rate": 0.05}})
    jobs = colleague.snakemake("-n").jobs
    assert f"train sudoku/{SECOND} seed 0" in jobs and f"train sudoku/{FIRST} seed 0" not in jobs


@pytest.mark.slow
def test_snakemakes_report_shows_our_captions(project: Workspace) -> None:
    project.snakemake("--report", "report.html")
    assert "Every metric of every run" in (project.path / "report.html").read_text()


def test_a_clone_without_a_pull_does_all_that_git_does_not_hold(project: Workspace, tmp_path: Path) -> None:
    jobs = project.clone(tmp_path / "bare").snakemake("-n").jobs
    assert {f"train sudoku/{variant} seed 0" for variant in (FIRST, SECOND)} < jobs
    assert {"dataset sudoku", "publish"} <= jobs


def test_a_dry_run_prints_one_line_a_job(project: Workspace, tmp_path: Path) -> None:
    result = project.clone(tmp_path / "bare").snakemake("-n")
    assert len(result.text.splitlines()) <= len(result.jobs) + 4


def test_bad_parameters_end_in_one_line_that_names_file_and_key(project: Workspace) -> None:
    name = "params/scales/smoke/train/sudoku.yaml"
    project.replace(name, "\n  learning_rate: 0.001", "\n  learning_rate: 1e-3")  # YAML 1.1 takes it for text
    result = project.snakemake("-n", code=2)
    lines = [line for line in result.text.splitlines() if "profile" not in line]
    assert len(lines) == 1
    assert name in lines[0] and "learning_rate" in lines[0] and "1e-3" in lines[0]


def test_another_scale_is_used_or_refused(project: Workspace) -> None:
    refused = project.snakemake("-n", "--config", "scale=huge", code=2)
    assert "huge" in refused.text and "smoke" in refused.text
    assert EXPERIMENT not in refused.text
    used = project.snakemake("-n", "--config", "scale=gpu")
    assert "scale gpu" in used.text
    assert "allowed is scale" in project.snakemake("-n", "--config", "size=1", code=2).text
