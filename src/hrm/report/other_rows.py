"""Rows of summary.csv that do not come from a metrics.json but from memory.csv and difficulty.csv."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from hrm.core.errors import DataError
from hrm.core.intervals import wilson_interval
from hrm.report.comparison_schema import BandParams
from hrm.report.contrasts import Runs
from hrm.report.run_paths import NOBODY, Player, player_run_of
from hrm.report.summary import DIGITS, SummaryRow

MEMORY_COLUMNS = {"rule", "module_calls", "saved_bytes", "peak_bytes"}


def memory_rows(path: Path, task: str, variant: str) -> list[SummaryRow]:
    """How memory grows with the module calls of a segment: with the most calls, over that with the fewest.

    memory_growth_RULE: of what autograd keeps; memory_peak_growth_RULE: of the peak, where the device tells it;
    memory_calls_growth: of the module calls themselves.

    Args:
        path: memory.csv of `hrm analyse memory`.
        task: whose training was measured.
        variant: of it.

    Raises:
        DataError: the file is broken, or has fewer than two numbers of calls.
    """
    table = _table(path, MEMORY_COLUMNS)
    values: dict[str, float] = {}
    for rule in dict.fromkeys(row["rule"] for row in table):
        rows = sorted((row for row in table if row["rule"] == rule), key=lambda row: _number(path, row, "module_calls"))
        first, last = rows[0], rows[-1]
        calls = _number(path, last, "module_calls") / _number(path, first, "module_calls")
        if calls <= 1:
            raise DataError(f"{path}: rule {rule} has one number of module calls; growth needs two")
        values["memory_calls_growth"] = calls
        for column, name in (("saved_bytes", "growth"), ("peak_bytes", "peak_growth")):
            if first[column] and last[column]:
                values[f"memory_{name}_{rule}"] = _number(path, last, column) / _number(path, first, column)
    return [
        SummaryRow(task, variant, NOBODY, metric, 1, round(value, DIGITS), None, None, "single")
        for metric, value in values.items()
    ]


def band_runs(paths: Iterable[Path], bands: Mapping[str, BandParams], confidence: float) -> dict[Player, Runs]:
    """Metrics exact_accuracy_BAND of the trainings whose test puzzles have ratings in a band, with Wilson intervals.

    A run whose table has no puzzle in the band gets none.

    Args:
        paths: files .../TASK/VARIANT/seedN/PLAYER/difficulty.csv.
        bands: ranges of ratings, by name.
        confidence: of the intervals.

    Raises:
        DataError: a table is broken, or a band cuts through one of its bins.
    """
    players: dict[Player, Runs] = {}
    for path in paths:
        task, variant, seed, player = player_run_of(path)
        found = players.setdefault(player, {})
        for name, band in bands.items():
            if band.task == task and (metrics := _band(path, name, band, confidence)):
                found.setdefault((task, variant), {}).setdefault(seed, {}).update(metrics)
    return players


def _band(path: Path, name: str, band: BandParams, confidence: float) -> dict[str, float]:
    solved = examples = 0
    for row in _table(path, {"rating_from", "rating_to", "examples", "exact_accuracy"}):
        least = _number(path, row, "rating_from")
        most = _number(path, row, "rating_to") if row["rating_to"] else float("inf")
        if most < band.least or least > band.most:
            continue
        if least < band.least or most > band.most:
            raise DataError(f"{path}: the bin from {least:g} is only partly in {name}, {band.least} to {band.most}")
        count = int(_number(path, row, "examples"))
        examples += count
        solved += round(count * _number(path, row, "exact_accuracy"))
    if not examples:
        return {}
    low, high = wilson_interval(solved, examples, confidence)
    metric = f"exact_accuracy_{name}"
    return {metric: solved / examples, f"{metric}_low": low, f"{metric}_high": high, f"examples_{name}": examples}


def _table(path: Path, columns: set[str]) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    if not rows or not columns <= rows[0].keys():
        raise DataError(f"{path}: must have rows with columns {', '.join(sorted(columns))}")
    return rows


def _number(path: Path, row: Mapping[str, str], column: str) -> float:
    try:
        return float(row[column])
    except (TypeError, ValueError):
        raise DataError(f"{path}: {column} is {row[column]!r}; it must be a number") from None
