"""What dataset.json says of a data set, as rows that claims about data are answered by."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hrm.core.errors import DataError
from hrm.core.files import read_json
from hrm.report.run_paths import NOBODY
from hrm.report.summary import SummaryRow

DATA, METHOD = "data", "counted"  # the first stands where rows of trainings have their variant


def data_rows(paths: Iterable[Path]) -> list[SummaryRow]:
    """Rows TASK/data/METRIC of what dataset.json says: its counts and its statistics.

    A statistic at `test: {rating: {mean: ...}}` becomes test_rating_mean; names of parts of a collection have their
    slashes replaced; histograms, hashes and lists are left out.

    Raises:
        DataError: a file is missing or no description of a data set.
    """
    rows = []
    for path in paths:
        info = read_json(path)
        if not isinstance(info, dict) or not {"task", "puzzle_ids", "statistics"} <= info.keys():
            raise DataError(f"{path}: does not describe a data set")
        facts = {name: info[name] for name in ("puzzle_ids", "train_examples", "test_examples")}
        facts |= {f"grid_{side}": size for side, size in zip(("rows", "columns"), info["grid_shape"], strict=True)}
        if isinstance(asked := info["generator"].get("augmentations"), int):
            facts["augmentations"] = asked
        facts |= _flat(info["statistics"])
        if isinstance(parts := info["statistics"].get("tasks"), dict):
            facts["tasks"] = sum(parts.values())
        rows += [
            SummaryRow(info["task"], DATA, NOBODY, name, 1, float(value), None, None, METHOD)
            for name, value in facts.items()
        ]
    return rows


def _flat(values: Mapping[str, Any], before: str = "") -> dict[str, float]:
    found: dict[str, float] = {}
    for key, value in values.items():
        name = before + key.replace("/", "_").replace("-", "_").lower()
        if isinstance(value, dict) and key not in ("histogram", "sources"):
            found |= _flat(value, f"{name}_")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found[name] = value
    return found
