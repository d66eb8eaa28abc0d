"""The long table of results: one row a task, variant, set of weights and metric, over all seeds."""

import csv
import io
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from scipy.special import stdtrit

from hrm.core.errors import DataError
from hrm.core.files import read_json
from hrm.report.contrasts import PREFIX, Runs
from hrm.report.run_paths import NOBODY, PLAYERS, Player, player_run_of

# Metrics that are shares of examples or cells: the ends of their intervals are cut to 0 and 1.
SHARE_WORDS = ("accuracy", "share", "correct_halts", "pass_at")
NOT_SHARES = ("halting_accuracy_loss",)
INTERVAL_ENDS = ("_interval_low", "_interval_high")
PAIRED_ENDS = ("_paired_low", "_paired_high")
WILSON = (
    "exact_accuracy",
    "arc_pass_at",
    "test_time_accuracy",
    "test_time_share",
)  # NAME_low and NAME_high are Wilson's
DIGITS = 6


@dataclass(frozen=True)
class SummaryRow:
    """One metric of one variant; low and high are None where no interval is known."""

    task: str
    variant: str
    weights: Player  # raw or ema; untrained and chance have no skill; empty where no network is behind the number
    metric: str
    seeds: int
    mean: float
    low: float | None
    high: float | None
    # t: Student's t over seeds; of one seed wilson, over its test examples, or bootstrap, or paired, of a difference on
    # the same examples, as the metrics file says;
    # single: one value; computed
    method: str


COLUMNS = [field.name for field in fields(SummaryRow)]
Key = tuple[str, str, Player, str]  # task, variant, weights, metric


def t_interval(values: list[float], confidence: float) -> tuple[float, float]:
    """Student's t interval of the mean of independent values, here of seeds. Raises ValueError for fewer than two."""
    if len(values) < 2:
        raise ValueError("a t interval needs at least two values")
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    quantile = float(stdtrit(len(values) - 1, 0.5 + confidence / 2))
    half = quantile * math.sqrt(variance / len(values))
    return mean - half, mean + half


def read_metrics(paths: Iterable[Path]) -> dict[Player, Runs]:
    """Of each player (task, variant) -> seed folder -> metric -> value, from files .../seedN/PLAYER/metrics.json.

    A run may have several such files, in folders of their own, if they give different metrics.

    Raises DataError for another path, a metric of a run twice, or a metrics file that is not flat numbers.
    """
    players: dict[Player, Runs] = {}
    for path in paths:
        task, variant, seed, player = player_run_of(path)
        found = players.setdefault(player, {}).setdefault((task, variant), {})
        values = read_json(path)
        if not isinstance(values, dict):
            raise DataError(f"{path}: must hold an object of numbers")
        for metric, value in values.items():
            if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
                raise DataError(f"{path}: {metric} is {value!r}; it must be a number or null")
        known = found.setdefault(seed, {})
        if twice := sorted(known.keys() & values.keys()):
            raise DataError(f"{path}: {twice[0]} of {task}/{variant}/{seed}/{player} was given twice")
        known |= {name: float(value) for name, value in values.items() if value is not None}
    return players


def summarise(runs: Runs, weights: Player, confidence: float) -> list[SummaryRow]:
    """Rows of one player, sorted by task, variant and metric; equal runs in any order give equal rows.

    Two or more seeds: mean and t interval. One seed: the Wilson interval of exact_accuracy and of ARC scores, which
    stands beside them as NAME_low and NAME_high; the bootstrap interval of what has NAME_interval_low and
    NAME_interval_high, the paired one of what has NAME_paired_low and NAME_paired_high; all else without an interval.
    `exact_accuracy_half_range`, half of maximum minus minimum, says how far seeds spread.
    """
    rows = []
    for (task, variant), seeds in sorted(runs.items()):
        names = sorted({metric for values in seeds.values() for metric in values})
        for metric in names:
            if metric.endswith((*INTERVAL_ENDS, *PAIRED_ENDS)) or _is_wilson_end(metric):
                continue
            values = [seeds[seed][metric] for seed in sorted(seeds) if metric in seeds[seed]]
            share = _is_share(metric) and not variant.startswith(PREFIX)
            low, high, method = _interval(metric, values, seeds, confidence, share)
            mean = sum(values) / len(values)
            rows.append(_row(task, variant, weights, metric, len(values), mean, low, high, method))
        exact = [values["exact_accuracy"] for values in seeds.values() if "exact_accuracy" in values]
        if len(exact) > 1:
            half = (max(exact) - min(exact)) / 2
            metric = "exact_accuracy_half_range"
            rows.append(_row(task, variant, weights, metric, len(exact), half, None, None, "range"))
    return sorted(rows, key=order)


def order(row: SummaryRow) -> tuple[str, str, str, int]:
    """By task, variant, metric and player, so that players stand beside each other."""
    return row.task, row.variant, row.metric, [*PLAYERS, NOBODY].index(row.weights)


def write_summary(rows: list[SummaryRow]) -> str:
    """The CSV text of the table; an unknown end of an interval is an empty field."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    return buffer.getvalue()


def read_summary(path: Path) -> dict[Key, SummaryRow]:
    """Read what `write_summary` wrote; DataError names file and line when it is broken."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            if reader.fieldnames != COLUMNS:
                raise DataError(f"{path}: has columns {reader.fieldnames}; they must be {COLUMNS}")
            rows = [_parse(record) for record in reader]
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, TypeError) as error:
        raise DataError(f"{path}: line {reader.line_num} is broken ({error})") from error
    return {key_of(row): row for row in rows}


def key_of(row: SummaryRow) -> Key:
    """What a row is found by."""
    return row.task, row.variant, row.weights, row.metric


def find_row(summary: Mapping[Key, SummaryRow], answer: str, weights: Player) -> SummaryRow | None:
    """The row that answers TASK/VARIANT/METRIC for a player, or else the row that is nobody's, if there is one."""
    task, variant, metric = answer.split("/")
    return summary.get((task, variant, weights, metric)) or summary.get((task, variant, NOBODY, metric))


def _parse(record: dict[str, str]) -> SummaryRow:
    low, high = (float(record[end]) if record[end] else None for end in ("low", "high"))
    player = next((player for player in (*PLAYERS, NOBODY) if player == record["weights"]), None)
    if player is None:
        raise ValueError(f"weights {record['weights']!r} must be one of {', '.join(PLAYERS)}, or empty")
    names = record["task"], record["variant"], player, record["metric"]
    return SummaryRow(*names, int(record["seeds"]), float(record["mean"]), low, high, record["method"])


def _is_wilson_end(metric: str) -> bool:
    # Elsewhere "low" and "high" are names of modules.
    base, _, end = metric.rpartition("_")
    return end in ("low", "high") and base.startswith(WILSON)


def _is_share(metric: str) -> bool:
    return any(word in metric for word in SHARE_WORDS) and metric not in NOT_SHARES


def _interval(
    metric: str, values: list[float], seeds: dict[str, dict[str, float]], confidence: float, share: bool
) -> tuple[float | None, float | None, str]:
    if len(values) > 1:
        low, high = t_interval(values, confidence)
        if share:
            low, high = max(low, 0.0), min(high, 1.0)
        return low, high, "t"
    only = next(found for found in seeds.values() if metric in found)
    if len(seeds) == 1 and _is_wilson_end(f"{metric}_low") and f"{metric}_low" in only:
        return only[f"{metric}_low"], only[f"{metric}_high"], "wilson"
    for ends, method in ((INTERVAL_ENDS, "bootstrap"), (PAIRED_ENDS, "paired")):
        low_name, high_name = (metric + end for end in ends)
        if low_name in only and high_name in only:
            return only[low_name], only[high_name], method
    return None, None, "single"


def _row(
    task: str,
    variant: str,
    weights: Player,
    metric: str,
    seeds: int,
    mean: float,
    low: float | None,
    high: float | None,
    method: str,
) -> SummaryRow:
    low, high = (None if end is None else round(end, DIGITS) for end in (low, high))
    return SummaryRow(task, variant, weights, metric, seeds, round(mean, DIGITS), low, high, method)
