"""Where the numbers come from: the provenance of every training, evaluation and analysis of a scale."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from hrm.core.errors import DataError
from hrm.core.files import read_json
from hrm.report.run_folders import RunFolders, RunKey
from hrm.report.run_paths import WEIGHTS

# The analyses of runs, by the names of their folders and records, and whether they add metrics to summary.csv.
KINDS = {"states": True, "routing": False, "test_time": True}


@dataclass(frozen=True)
class Origin:
    """What one command noted when it wrote its results."""

    commit: str | None
    modified: bool | None  # None: not known
    finished: str  # ISO 8601, UTC
    seconds: float | None
    machine: str
    versions: str


@dataclass(frozen=True)
class Training:
    """A training and the evaluation of its network."""

    task: str
    variant: str
    seed: int
    anchor: str
    parameters: int
    steps: int
    origin: Origin
    evaluation: Origin
    test_examples: int
    energy: float | None  # joules
    data: Mapping[str, str]  # split -> SHA-256
    settings: str  # YAML


@dataclass(frozen=True)
class Analysis:
    """What was measured beyond the evaluation, of the network of a training, or of none."""

    name: str
    anchor: str
    run: RunKey | None
    origin: Origin
    metrics: frozenset[str]  # those that it adds to summary.csv


def read_trainings(results: Path, runs: Iterable[RunKey]) -> list[Training]:
    """provenance.json and evaluation.json of each run, in the order of `runs`.

    Raises DataError when one is missing, broken or lacks a key.
    """
    folders = RunFolders(results)
    return [_training(folders, run) for run in runs]


def found_trainings(results: Path) -> list[Training]:
    """Every TASK/VARIANT/seedN with both records, in the order of their names."""
    folders = RunFolders(results)
    evaluated = {run for weights in WEIGHTS for run in folders.runs("evaluation", f"{weights}/evaluation.json")}
    return read_trainings(results, [run for run in folders.runs("train", "provenance.json") if run in evaluated])


def read_analyses(results: Path, runs: Mapping[str, Iterable[RunKey]]) -> list[Analysis]:
    """The analyses of each of `KINDS` by run, then the one of memory; DataError as in `read_trainings`."""
    folders = RunFolders(results)
    found = [_analysis(folders, kind, run) for kind in KINDS for run in runs[kind]]
    return [*found, _memory(results / "memory.json")]


def found_analyses(results: Path) -> list[Analysis]:
    """As `read_analyses`, of those that there are."""
    folders = RunFolders(results)
    found = [_analysis(folders, kind, run) for kind in KINDS for run in _analysed(folders, kind)]
    path = results / "memory.json"
    return [*found, _memory(path)] if path.exists() else found


def _analysed(folders: RunFolders, kind: str) -> list[RunKey]:
    return sorted({run for weights in WEIGHTS for run in folders.runs(kind, f"{weights}/{kind}.json")})


def anchor(kind: str, task: str, variant: str, seed: int) -> str:
    """The id of a row of the page."""
    return f"{kind}-{task}-{variant}-{seed}"


def environments(origins: Iterable[Origin]) -> dict[tuple[str, str], int]:
    """(machine, versions) -> a number from 1 on, in order of appearance."""
    numbers: dict[tuple[str, str], int] = {}
    for origin in origins:
        numbers.setdefault((origin.machine, origin.versions), len(numbers) + 1)
    return numbers


def made(origins: Sequence[Origin]) -> dict[str, Any]:
    """First and last time of `origins`, and how often each (commit, modified) is among them."""
    commits: dict[tuple[str | None, bool | None], int] = {}
    for origin in origins:
        commits[origin.commit, origin.modified] = commits.get((origin.commit, origin.modified), 0) + 1
    times = sorted(origin.finished for origin in origins)
    return {"first": times[0], "last": times[-1], "commits": list(commits.items())} if times else {}


def _of_weights(folder: Path, name: str) -> Path | None:
    """The file of the first set of weights that has it: raw, or else averaged. Both are of one run of one command."""
    return next((path for weights in WEIGHTS if (path := folder / weights / name).exists()), None)


def _analysis(folders: RunFolders, kind: str, run: RunKey) -> Analysis:
    run_folder = folders.folder(kind, run)
    path = _of_weights(run_folder, f"{kind}.json") or run_folder / WEIGHTS[0] / f"{kind}.json"
    folder = path.parent
    metrics = read_json(folder / "metrics.json") if KINDS[kind] else {}
    origin = _origin(read_json(path), path)
    task, variant, seed = run
    name = f"{kind.replace('_', ' ')} of {task}/{variant}, seed {seed}"
    return Analysis(name, anchor(kind, *run), run, origin, frozenset(metrics))


def _memory(path: Path) -> Analysis:
    return Analysis("memory of a training step", "memory", None, _origin(read_json(path), path), frozenset())


def _training(folders: RunFolders, run: RunKey) -> Training:
    path = folders.folder("train", run) / "provenance.json"
    record = read_json(path)
    folder = folders.folder("evaluation", run)
    tested = _of_weights(folder, "evaluation.json") or folder / WEIGHTS[0] / "evaluation.json"
    evaluation = read_json(tested)
    return Training(
        *run,
        anchor=anchor("run", *run),
        parameters=_need(record, path, int, "parameters"),
        steps=_need(record, path, int, "params", "train", "steps"),
        origin=_origin(record, path),
        evaluation=_origin(evaluation, tested),
        test_examples=_need(evaluation, tested, int, "test_examples"),
        energy=_need(record, path, float, "energy_joules") if record.get("energy_joules") is not None else None,
        data=_need(record, path, dict, "data_sha256"),
        settings=yaml.safe_dump(_need(record, path, dict, "params"), sort_keys=True),
    )


def _origin(record: Any, path: Path) -> Origin:
    hardware = _need(record, path, dict, "hardware")
    versions = _need(record, path, dict, "versions")
    git = _need(record, path, dict, "git")
    return Origin(
        commit=git.get("commit"),
        modified=git.get("modified"),
        finished=_need(record, path, str, "finished"),
        seconds=_need(record, path, float, "seconds") if "seconds" in record else None,
        machine=_machine(hardware),
        versions=", ".join(f"{name} {version}" for name, version in sorted(versions.items())),
    )


def _machine(hardware: Mapping[str, Any]) -> str:
    gpus = hardware.get("gpus") or []
    parts = [f"{gpus.count(name)} x {name}" for name in dict.fromkeys(gpus)]
    cores = hardware.get("cpu_count")
    parts += [f"{hardware.get('cpu', 'unknown CPU')}{f', {cores} cores' if cores else ''}"]
    return "; ".join([*parts, str(hardware.get("system", ""))]).strip("; ")


def _need(record: Any, path: Path, kind: type, *keys: str) -> Any:
    """The value under `keys`; whole numbers count as `float`. DataError names file and key."""
    value = record
    for place, key in enumerate(keys):
        if not isinstance(value, dict) or key not in value:
            raise DataError(f"{path}: lacks the key {'.'.join(keys[: place + 1])}")
        value = value[key]
    allowed = (int, float) if kind is float else kind
    if not isinstance(value, allowed) or isinstance(value, bool):
        raise DataError(f"{path}: {'.'.join(keys)} is {value!r}; it must be of type {kind.__name__}")
    return value
