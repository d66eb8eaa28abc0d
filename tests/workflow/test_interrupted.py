"""kill -9 of the whole process tree, runs that could not be recorded, and a DVC that is busy or absent."""

import json
import os
import shutil
import signal
import subprocess
import time

import pytest
from dvc.repo import Repo
from workspace import NOTHING, RUN, SECOND, Workspace

pytestmark = pytest.mark.workflow
MODEL = f"{RUN.format(SECOND)}/model.safetensors"
TRAIN, STAGE = (f"{name}@smoke-sudoku-{SECOND}-0" for name in ("train", "train_sudoku"))  # of Snakemake, of DVC
STEPS = 400  # long enough to be caught in the middle


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


def assert_resumed(project: Workspace) -> None:
    record = project.read_json(f"{RUN.format(SECOND)}/provenance.json")
    assert record["resumed_at_steps"], "the training began afresh"
    assert (project.path / MODEL).is_file()
    assert list((project.path / ".partial").glob("*.safetensors")) == []
    assert STAGE not in project.stale()


@pytest.fixture
def killed(project: Workspace) -> Workspace:
    """The project after kill -9 of Snakemake and all its children, in the middle of a training."""
    project.set(f"params/variants/{SECOND}.yaml", {"train": {"steps": STEPS, "log_every": STEPS, "save_every": 10}})
    kill_in_training(project, "snakemake", "--cores", "1", MODEL)
    assert not (project.path / MODEL).exists()
    project.snakemake("--unlock")
    return project


def test_after_kill_9_in_a_training_snakemake_goes_on(killed: Workspace) -> None:
    killed.snakemake(MODEL)
    assert_resumed(killed)


@pytest.mark.slow
def test_after_kill_9_in_a_training_dvc_goes_on(killed: Workspace) -> None:
    killed.dvc("repro", "--single-item", STAGE)
    assert_resumed(killed)
    assert NOTHING in killed.snakemake("-n", MODEL).text


@pytest.mark.slow
def test_after_kill_9_of_dvc_repro_it_goes_on(project: Workspace) -> None:
    project.set(f"params/variants/{SECOND}.yaml", {"train": {"steps": STEPS, "log_every": STEPS, "save_every": 10}})
    kill_in_training(project, "dvc", "repro", STAGE)
    project.snakemake("--unlock")
    project.dvc("repro", "--single-item", STAGE)
    assert_resumed(project)


@pytest.mark.slow
def test_what_a_killed_run_had_finished_is_recorded_by_the_next_one(project: Workspace) -> None:
    project.set(f"params/variants/{SECOND}.yaml", {"optimizer": {"learning_rate": 0.05}})
    project.snakemake("--no-hooks", MODEL)  # finished, but killed before dvc.lock was written
    seen = project.path / ".snakemake/dvc_seen.json"
    seen.write_text(json.dumps({**json.loads(seen.read_text()), "running": True}))
    assert STAGE in project.stale()

    assert NOTHING in project.snakemake("-n", MODEL).text
    assert STAGE not in project.stale()


def test_a_busy_dvc_is_one_line_and_the_next_run_makes_up_for_it(project: Workspace) -> None:
    with Repo(str(project.path)) as repo, repo.lock:
        result = project.run("python", "workflow/sync.py", "give", TRAIN, code=1)
    assert len(result.text.splitlines()) == 1
    assert "the next run tries again" in result.text


def test_without_git_and_dvc_the_pipeline_is_plain_snakemake(project: Workspace) -> None:
    shutil.rmtree(project.path / ".git")
    shutil.rmtree(project.path / ".dvc")
    project.set(f"params/variants/{SECOND}.yaml", {"optimizer": {"learning_rate": 0.05}})
    assert project.snakemake("-n", MODEL).jobs == {TRAIN}
