"""Keeps DVC and Snakemake in step; called by workflow/rules/dvc.smk, never by hand.

`give JOB...` records in dvc.lock the stages of jobs that Snakemake has finished; `keep JOB...` does so in DVC's run
cache only. A job is named RULE@WILDCARDS; its stage may have more to its name than the rule, as train_sudoku@... has.
`take` turns DVC's verdict, which rests on contents, into the file times that Snakemake goes by: outputs that dvc.lock
vouches for become newer than their inputs, those of stale stages become old. Each ends with one line and exit code 1
when DVC cannot do it now.
"""

import argparse
import logging
import os
import re
import shutil
import sys
from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path
from typing import Any

import networkx as nx
from dvc.dependency import param
from dvc.exceptions import DvcException
from dvc.fs import FileSystem
from dvc.lock import LockError
from dvc.repo import Repo, lock_repo
from dvc.stage import Stage
from dvc.stage.serialize import to_lockfile
from dvc.utils.serialize import dump_yaml, load_yaml

LONG_AGO = (1, 1)
NAMED = 5  # stale stages by name; `dvc status` has them all


def job_of(stage: Stage) -> str:
    """Name of the job that a stage runs: the rule that its command allows, and the stage's own wildcards."""
    rule = re.search(r"--allowed-rules (\w+)", stage.cmd)
    if rule is None:
        raise DvcException(f"stage {stage.addressing} of dvc.yaml names no rule")
    _, separator, wildcards = stage.addressing.partition("@")
    return rule.group(1) + separator + wildcards


def give(repo: Repo, jobs: Iterable[str]) -> None:
    """Record the stages of `jobs` in dvc.lock. A job outside of dvc.yaml (another scale, say) has none: left out.

    As `dvc commit --force` does, but all of them at once: a commit for each would read and write dvc.lock every time.
    """
    wanted = set(jobs)
    with lock_repo(repo):
        stages = [stage for stage in repo.index.stages if job_of(stage) in wanted]
        for stage in stages:
            stage.save()
            # Relinking would give the outputs new times, and all that depends on them would look stale.
            stage.commit(relink=False)
        if stages:
            write_entries(Path(repo.root_dir, "dvc.lock"), stages)


def write_entries(lock: Path, stages: Iterable[Stage]) -> None:
    """Put the stages' entries into dvc.lock, which appears whole or not at all.

    The bytes are those of DVC's own `dump_stages`, which also reads the comments of the old file. It has none, and that
    takes five times as long.
    """
    entries = load_yaml(lock) if lock.exists() else {"schema": "2.0"}
    for stage in stages:  # copies, as what two stages share would be written as a YAML anchor
        entries.setdefault("stages", {}).update(deepcopy(to_lockfile(stage)))
    written = lock.with_name(f".{lock.name}.part")
    dump_yaml(written, entries)
    written.replace(lock)


def read_parameters_once() -> None:
    """Let DVC read a parameter file once, not anew for each stage that depends on it: 1,400 times for 87 files."""
    read, known = param.read_param_file, {}

    def once(fs: FileSystem, path: str, key_paths: list[str] | None = None, **options: Any) -> Any:
        key = (path, tuple(key_paths or ()), tuple(sorted(options.items())))
        if key not in known:
            known[key] = read(fs, path, key_paths, **options)
        return known[key]

    param.read_param_file = once


def keep(repo: Repo, jobs: Iterable[str]) -> None:
    """Put finished stages in DVC's run cache, and leave dvc.lock to the `dvc repro` that this runs inside of.

    By itself `dvc repro` leaves out stages that have outputs in git, and a reverted parameter would train again.
    """
    for stage in repo.index.stages:
        if job_of(stage) in jobs:
            stage.save(run_cache=True)


def take(repo: Repo, adopt: bool, forget_records: bool) -> None:
    """Set the times of all outputs by DVC's verdict."""
    stale = set(repo.status())
    job_of_name = {stage.addressing: job_of(stage) for stage in repo.index.stages}
    if adopt:
        finished = [job_of(stage) for stage in repo.index.stages if stage.addressing in stale and is_fresh(stage)]
        give(repo, finished)
        stale = {name for name in stale if job_of_name[name] not in finished}
    for stage in reversed(list(nx.topological_sort(repo.index.graph))):
        times = LONG_AGO if stage.addressing in stale else None
        for path in (Path(out.fs_path) for out in stage.outs):
            if path.exists():
                os.utime(path, times)
        set_benchmark_time(Path("benchmarks", f"{job_of(stage)}.tsv"), times)
    repo.status()  # times are part of the key of DVC's hash cache: hash now rather than at the next command
    if forget_records:
        # They describe the runs before dvc.lock moved; by them Snakemake would see changes that are none.
        shutil.rmtree(".snakemake/metadata", ignore_errors=True)
    if stale:
        named = sorted(stale)[:NAMED] + ["..."] * (len(stale) > NAMED)
        print(f"dvc: {len(stale)} stages are stale: {', '.join(named)}")


def set_benchmark_time(path: Path, times: tuple[int, int] | None) -> None:
    """Give a job's benchmark file the time of its outputs, since Snakemake counts it among them.

    A job that ran on another machine left none here; an empty one keeps Snakemake from running the job for its sake.
    """
    if times is None and not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.touch()
    if path.exists():
        os.utime(path, times)


def is_fresh(stage: Stage) -> bool:
    """Whether Snakemake finished this job in a run that was killed before it could record it.

    All outputs are as Snakemake left them at the end of the job, and no input is newer.
    """
    from snakemake.io import IOFile
    from snakemake.persistence.file import FilePersistence

    records = FilePersistence(nolock=True)
    outputs = [Path(repo_path(out.fs_path)) for out in stage.outs]
    for path in outputs:
        record = records.metadata(IOFile(str(path))) if path.exists() else None
        if record is None or not record.endtime or abs(path.stat().st_mtime - record.endtime) > 1e-3:
            return False
    inputs = [file for dep in stage.deps for file in files_in(Path(dep.fs_path))]
    oldest_output = min(path.stat().st_mtime_ns for path in outputs)
    return all(path.exists() and path.stat().st_mtime_ns <= oldest_output for path in inputs)


def repo_path(path: str) -> str:
    """A path as Snakemake writes it, relative to the top of the repository."""
    return os.path.relpath(path)


def files_in(path: Path) -> list[Path]:
    """The file itself, or the files of a folder that DVC looks at."""
    if not path.is_dir():
        return [path]
    return [file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts]


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    giving = actions.add_parser("give", help="record finished stages in dvc.lock")
    giving.add_argument("jobs", nargs="*")
    keeping = actions.add_parser("keep", help="put finished stages in the run cache only")
    keeping.add_argument("jobs", nargs="*")
    taking = actions.add_parser("take", help="set file times by DVC's verdict")
    taking.add_argument("--adopt", action="store_true", help="first record what a killed run had finished")
    taking.add_argument("--forget-records", action="store_true", help="dvc.lock moved: drop Snakemake's records")
    arguments = parser.parse_args()
    logging.getLogger("dvc").setLevel(logging.WARNING)
    read_parameters_once()
    try:
        with Repo() as repo:
            if arguments.action == "give":
                give(repo, arguments.jobs)
            elif arguments.action == "keep":
                keep(repo, arguments.jobs)
            else:
                with lock_repo(repo):  # each call that takes the lock by itself reads dvc.lock anew
                    take(repo, arguments.adopt, arguments.forget_records)
    except (DvcException, LockError, OSError) as error:
        print(f"dvc is not in step yet, the next run tries again: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
