"""Records as if every result had been made with the parameters of today."""

import json
from collections.abc import Iterable
from pathlib import Path

from hrm.core.data_params import data_params
from hrm.core.experiments import variants
from hrm.core.pipeline_schema import pipeline_params
from hrm.core.schema import run_params
from hrm.report.run_records import Records, RunRecord


def records_of(params: Path, scale: str, results: Iterable[tuple[str, str]]) -> Records:
    """The same without files."""
    runs = {run: [RunRecord(0, run_params(params, scale, *run, []))] for run in _trained(params, scale, results)}
    tasks = pipeline_params(params).datasets
    return Records(runs, {task: data_params(params, scale, task, []) for task in tasks})


def write_records(
    folder: Path, params: Path, scale: str, results: Iterable[tuple[str, str]], *changes: str
) -> list[str]:
    """Records of trainings (task, variant) with seed 0, `changes` as in --set, and of all data sets.

    Returns the options of `hrm claims`.
    """
    records, datasets = [], []
    for task, variant in _trained(params, scale, results):
        run = run_params(params, scale, task, variant, list(changes))
        place = folder / task / variant / "seed0"
        place.mkdir(parents=True, exist_ok=True)
        records.append(place / "provenance.json")
        records[-1].write_text(json.dumps({"params": run.model_dump()}))
    for task in pipeline_params(params).datasets:
        (folder / task).mkdir(parents=True, exist_ok=True)
        datasets.append(folder / task / "dataset.json")
        made = data_params(params, scale, task, [])
        facts = {"task": task, "puzzle_ids": 1, "train_examples": 1, "test_examples": 1, "grid_shape": made.grid_shape}
        datasets[-1].write_text(json.dumps({**facts, "generator": made.model_dump(), "statistics": {}}))
    return ["--records", *map(str, records), "--datasets", *map(str, datasets)]


def _trained(params: Path, scale: str, results: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Those that a single training makes: contrasts and rows of data are not."""
    names = variants(params)
    return sorted({(task, variant) for task, variant in results if variant in names})
