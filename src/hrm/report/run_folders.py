"""Where the results of each run lie: in folders named by keys, which runs.csv lists, or, of records, by run alone."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from hrm.core.errors import DataError
from hrm.report.run_paths import runs_below

RunKey = tuple[str, str, int]  # task, variant, seed
NAME = "runs.csv"
COLUMNS = ("kind", "task", "variant", "seed", "key", "folder")
# Kinds whose files lie in the folder of the run itself where there are no keys; all others have one folder a kind.
OF_THE_RUN = ("train", "evaluation")


def runs_csv(rows: Iterable[Sequence[object]]) -> str:
    """Rows of `COLUMNS` as CSV; `folder` is relative to the project."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return text.getvalue()


class RunFolders:
    """The folders of one folder of results: by its runs.csv, or, where it has none, as records lie."""

    def __init__(self, results: Path) -> None:
        self.results = results
        listed = results / NAME
        self._listed: Mapping[tuple[str, RunKey], Path] | None = _read(listed) if listed.is_file() else None

    def folder(self, kind: str, run: RunKey) -> Path:
        """Where the files of a kind of a run lie; DataError for a run that the list lacks."""
        if self._listed is not None:
            if (kind, run) not in self._listed:
                raise DataError(f"{self.results / NAME}: has no {kind} of {'/'.join(map(str, run))}")
            return self._listed[kind, run]
        task, variant, seed = run
        top = self.results if kind in OF_THE_RUN else self.results / kind
        return top / task / variant / f"seed{seed}"

    def runs(self, kind: str, name: str) -> list[RunKey]:
        """The runs that have the file `name` of this kind."""
        if self._listed is not None:
            return sorted(run for (of, run), folder in self._listed.items() if of == kind and (folder / name).exists())
        return runs_below(self.results if kind in OF_THE_RUN else self.results / kind, name)


def _read(path: Path) -> dict[tuple[str, RunKey], Path]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, strict=True))
        top = path.resolve().parents[2]  # of results/SCALE/runs.csv
        return {
            (row["kind"], (row["task"], row["variant"], int(row["seed"]))): _below(top, row["folder"])
            for row in rows
            if row["seed"]
        }
    except (OSError, csv.Error, KeyError, ValueError, TypeError) as error:
        raise DataError(f"{path}: is not a list of runs ({error})") from error


def _below(top: Path, folder: str) -> Path:
    found = top / folder
    if ".." in Path(folder).parts:
        raise ValueError(f"folder {folder} leaves the project")
    try:
        return found.relative_to(Path.cwd())
    except ValueError:
        return found
