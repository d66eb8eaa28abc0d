"""kill -9 of the whole process tree, a failed job, a DVC that is busy or absent."""

import json
import os
import shutil
import signal
import subprocess
import time

import pytest
from dvc.repo import Repo
from workspace import FIRST, NOTHING, RUNS, SECOND, Workspace

pytestmark = pytest.mark.workflow
STEPS = 400  # long enough to be caught in the middle
TRAIN = f"train sudoku/{SECOND} seed 0"


def kill_in_training(project: Workspace, *command: str) -> None:
    """Start a command and kill its whole process group once the training has saved a resume state."""
    process = subprocess.Popen(
        command,
        cwd=project.path,
        env=project.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while not list((project.path / ".partial").glob("*.safetensors")):
        assert process.poll() is None and time.monotonic() < deadline, "no resume state was written"
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.mark.parametrize(
    "command", [["snakemake", "--cores", "2"], pytest.param(["dvc", "repro"], marks=pytest.mark.slow)]
)
def test_after_kill_9_in_a_training_the_next_run_goes_on_and_makes_everything(
    project: Workspace, command: list[str]
) -> None:
    project.set_variant(SECOND, {"train": {"steps": STEPS, "log_every": STEPS, "save_every": 10}})
    kill_in_training(project, *command)
    project.snakemake("--unlock")
    done = project.snakemake().jobs
    assert TRAIN in done and "publish" in done
    (folder,) = [
        path.parent
        for path in (project.path / RUNS / SECOND).glob("seed0/train-*/provenance.json")
        if json.loads(path.read_text())["params"]["train"]["steps"] == STEPS
    ]
    record = project.read_json(str(folder.relative_to(project.path) / "provenance.json"))
    assert record["resumed_at_steps"], "the training began afresh"
    assert record["key"] == folder.name.rpartition("-")[2]
    assert not list((project.path / ".partial").glob("*.safetensors"))
    assert NOTHING in project.snakemake("-n").text
    assert project.stale() == set()


def test_a_failed_job_says_why_the_others_go_on_and_nothing_old_is_lost(project: Workspace) -> None:
    before = sorted(path for path in (project.path / "results/smoke").rglob("*") if path.is_file())
    project.set_variant(SECOND, {"optimizer": {"learning_rate": 1.0e30}})  # the loss is no number
    project.set_variant(FIRST, {"optimizer": {"learning_rate": 0.002}})
    result = project.snakemake(code=1)
    assert f"FAILED {TRAIN}" in result.text and "what does not depend on it goes on" in result.text
    assert "loss" in result.text.partition("FAILED")[2].partition("goes on")[0]
    assert f"evaluate sudoku/{FIRST} seed 0" in result.jobs
    assert all(path.exists() for path in before)


@pytest.mark.slow
def test_a_busy_dvc_is_one_line(project: Workspace) -> None:
    project.set_variant(SECOND, {"optimizer": {"learning_rate": 0.05}})
    with Repo(str(project.path)) as repo, repo.lock:
        told = [line for line in project.snakemake().text.splitlines() if line.startswith("dvc ")]
    assert len(told) == 1 and "`dvc commit` tells it" in told[0]
    project.dvc("commit", "-f", "-q")
    assert project.stale() == set()


@pytest.mark.slow
def test_without_git_and_dvc_the_pipeline_is_plain_snakemake(project: Workspace) -> None:
    shutil.rmtree(project.path / ".git")
    shutil.rmtree(project.path / ".dvc")
    project.set_variant(SECOND, {"optimizer": {"learning_rate": 0.05}})
    assert TRAIN in project.snakemake("-n").jobs
