"""The pipeline's jobs: whose key depends on what, where their files lie, and how the list of runs is read."""

from pathlib import Path

import pytest

from hrm.checks import check_all
from hrm.core.errors import DataError
from hrm.core.recipe import Sources
from hrm.jobs import Jobs, keyed_folders, todays_jobs
from hrm.report.run_folders import RunFolders, runs_csv
from hrm.report.run_paths import run_of

PARAMS = Path(__file__).parents[2] / "params"
SOURCES = Sources()


@pytest.fixture(scope="module")
def jobs() -> Jobs:
    return todays_jobs(PARAMS)


def test_every_job_has_a_folder_of_its_own(jobs: Jobs) -> None:
    folders = [job.folder for job in jobs.all_jobs()]
    assert len(set(folders)) == len(folders)
    assert all(folder.endswith(job.key) for folder, job in zip(folders, jobs.all_jobs(), strict=True))
    plain = list(jobs.plain_names().values())
    assert len(set(plain)) == len(plain)


@pytest.mark.parametrize("scale", ["smoke", "gpu", "paper"])
def test_each_scale_has_keys_of_its_own(scale: str) -> None:
    found = Jobs(PARAMS, check_all(PARAMS, scale), SOURCES)
    assert {job.scale for job in found.all_jobs()} == {scale}


def test_another_seed_is_another_key_and_a_start_counts(jobs: Jobs) -> None:
    assert jobs.train("sudoku", "hrm", 0).key != jobs.train("sudoku", "hrm", 1).key
    start = jobs.start_of("maze_hard", "hrm_from_sudoku", 0)
    assert start is not None and (start.task, start.seed) == ("sudoku", 0)


def test_files_in_the_folder_of_a_key_are_of_their_run(jobs: Jobs) -> None:
    job = jobs.evaluation("sudoku", "hrm", 2)
    assert run_of(Path(job.file("raw/metrics.json"))) == ("sudoku", "hrm", "seed2", "raw")
    assert run_of(Path(jobs.train("sudoku", "hrm", 2).file("history.csv"))) == ("sudoku", "hrm", "seed2", "")


def test_figures_depend_on_what_they_draw_alone(jobs: Jobs) -> None:
    curves = jobs.drawings["boards_steps_curves"]
    assert len(curves.inputs) == 2 and all("/boards/" in path for path in curves.inputs)


def test_the_list_of_runs_says_where_they_lie(jobs: Jobs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    job = jobs.train("sudoku", "hrm", 0)
    listed = Path("results/smoke/runs.csv")
    listed.parent.mkdir(parents=True)
    listed.write_text(runs_csv(jobs.run_rows()))
    folders = RunFolders(listed.parent)
    assert folders.folder("train", ("sudoku", "hrm", 0)) == Path(job.folder)
    assert folders.runs("train", "history.csv") == []
    Path(job.folder).mkdir(parents=True)
    Path(job.file("history.csv")).touch()
    assert folders.runs("train", "history.csv") == [("sudoku", "hrm", 0)]
    with pytest.raises(DataError, match=r"runs.csv: has no train of sudoku/none/0"):
        folders.folder("train", ("sudoku", "none", 0))
    assert keyed_folders("smoke") == [Path(job.folder)]


@pytest.mark.parametrize("text", ["kind,task\na,b\n", "kind,task,variant,seed,key,folder\ntrain,a,b,x,k,f\n"])
def test_a_broken_list_of_runs_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "runs.csv").write_text(text)
    with pytest.raises(DataError, match=r"runs.csv: is not a list of runs"):
        RunFolders(tmp_path)


def test_a_list_that_leaves_the_project_is_refused(tmp_path: Path) -> None:
    (tmp_path / "runs.csv").write_text("kind,task,variant,seed,key,folder\ntrain,a,b,0,k,../../etc\n")
    with pytest.raises(DataError, match="leaves the project"):
        RunFolders(tmp_path)
