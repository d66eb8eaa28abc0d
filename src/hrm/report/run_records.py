"""What trainings and data sets were made with, by their own records."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hrm.core.data_schema.base import DataParams
from hrm.core.errors import DataError
from hrm.core.records import read_recorded, read_recorded_data
from hrm.core.schema import RunParams
from hrm.report.run_paths import run_of


@dataclass(frozen=True)
class RunRecord:
    """One training."""

    seed: int
    params: RunParams


@dataclass(frozen=True)
class Records:
    """All that a ledger compares with published protocols."""

    runs: Mapping[tuple[str, str], list[RunRecord]]  # (task, variant) -> by seed
    data: Mapping[str, DataParams]  # by task

    def of_runs(self, task: str, variant: str) -> list[RunRecord]:
        """The trainings of a variant; DataError where there is no record of them."""
        if (task, variant) not in self.runs:
            raise DataError(f"no provenance.json of {task}/{variant} was given, so its protocol is not known")
        return self.runs[task, variant]

    def of_data(self, task: str) -> DataParams:
        """The parameters of a data set; DataError where there is no record of it."""
        if task not in self.data:
            raise DataError(f"no dataset.json of {task} was given, so its data are not known")
        return self.data[task]


def read_records(trainings: Iterable[Path], datasets: Iterable[Path]) -> Records:
    """Read .../TASK/VARIANT/seedN/provenance.json and dataset.json files.

    Raises:
        DataError: a file is missing, broken, or lies elsewhere.
        ParameterError: what a record holds does not fit today's schema.
    """
    runs: dict[tuple[str, str], list[RunRecord]] = {}
    for path in trainings:
        task, variant, seed = run_of(path)[:3]
        record = RunRecord(int(seed.removeprefix("seed")), read_recorded(RunParams, path))
        runs.setdefault((task, variant), []).append(record)
    by_seed = {run: sorted(found, key=lambda record: record.seed) for run, found in runs.items()}
    data = [read_recorded_data(path) for path in datasets]
    return Records(by_seed, {params.task: params for params in data})
