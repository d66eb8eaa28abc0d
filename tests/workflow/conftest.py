"""One full run of the tiny pipeline, shared by all tests and by all workers of pytest-xdist."""

import fcntl
from pathlib import Path

import pytest
from workspace import Workspace


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Workspace:
    """A fresh clone after `snakemake --cores`, its results committed. Copy it; do not change it."""
    root = tmp_path_factory.getbasetemp()
    root = root if worker_id == "master" else root.parent
    path, done = root / "finished", root / "finished.done"
    with (root / "finished.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            if path.exists():
                pytest.fail("the run that all tests share has failed before")
            Workspace.create(root / "origin").clone(path)
            result = Workspace(path).snakemake()
            Workspace(path).commit("results")
            done.write_text(result.text)
    return Workspace(path)


@pytest.fixture
def project(finished: Workspace, tmp_path: Path) -> Workspace:
    """A copy of the finished run to work on."""
    return finished.copy(tmp_path / "project")
