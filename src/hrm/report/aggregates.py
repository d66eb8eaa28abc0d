"""Means over the rows of a study, grouped by what they differ in; the published rows are grouped the same way."""

import csv
import io
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from hrm.core.errors import DataError, ParameterError
from hrm.core.schema import RunParams, run_params
from hrm.report.claims_file import ClaimsParams
from hrm.report.comparison_schema import AggregateParams, Grouping
from hrm.report.summary import Key, SummaryRow

PERCENT = 100.0


class AggregateRow(NamedTuple):
    """Mean of one metric over the rows of one group, per cent; least and most are those of single rows."""

    by: str
    group: str
    metric: str
    variants: int
    seeds: int  # of the row that has fewest
    mean: float
    least: float
    most: float
    rows: str  # the value of each row, with spaces between
    parameters: float | None  # of our smallest network; None where the summary does not say
    published: float | None


def aggregate(
    params: AggregateParams, summary: Mapping[Key, SummaryRow], claims: ClaimsParams, root: Path, scale: str
) -> list[AggregateRow]:
    """All groups, in the order of their values; every row of the study that the summary has counts once.

    Args:
        params: which task, metrics, groupings and variants.
        summary: our results.
        claims: the published values.
        root: folder of the parameters, which say how variants differ.
        scale: of the results.

    Raises:
        DataError: the summary has no row of the study.
    """
    known = {variant for task, variant, weights, _ in summary if (task, weights) == (params.task, params.weights)}
    names = sorted(known & params.rows.keys())
    if not names:
        raise DataError(f"the summary has no results of task {params.task} with one of {', '.join(params.rows)}")
    runs = {name: run_params(root, scale, params.task, name, []) for name in names}
    published = published_values(claims, params)
    rows = []
    for by in params.by:
        labels = {name: label_of(by, run) for name, run in runs.items()}
        for group in sorted(set(labels.values()), key=lambda label: (len(label), label)):  # 8 before 16
            members = [name for name in names if labels[name] == group]
            for metric in params.metrics:
                keys: list[Key] = [(params.task, name, params.weights, metric) for name in members]
                found = [summary[key] for key in keys if key in summary]
                theirs = [published[name, metric] for name in members if (name, metric) in published]
                if found:
                    sizes = [
                        summary[key].mean
                        for name in members
                        if (key := (params.task, name, params.weights, "parameters")) in summary
                    ]
                    rows.append(_row(by, group, metric, found, sizes, theirs if len(theirs) == len(members) else []))
    return rows


def label_of(by: Grouping, run: RunParams) -> str:
    """The group of a variant: segments in training, H times L cycles, or the architecture in words."""
    if by == "segments":
        return str(run.halting.max_segments)
    if by == "cycles":
        return str(run.model.high_cycles * run.model.low_cycles)
    if run.model.architecture == "hrm":
        return "H/L"
    return "H-only, BPTT" if run.model.gradient.rule == "full" else "H-only, detached"


def aggregate_rows(
    params: AggregateParams, summary: Mapping[Key, SummaryRow], claims: ClaimsParams, root: Path, scale: str
) -> list[SummaryRow]:
    """The groups as rows TASK/aggregate_BY_GROUP/METRIC, shares as fractions; none where the task was not run."""
    keys: list[Key] = [(params.task, name, params.weights, metric) for name in params.rows for metric in params.metrics]
    if not any(key in summary for key in keys):
        return []
    rows = aggregate(params, summary, claims, root, scale)
    names = [re.sub("[^a-z0-9]+", "_", f"aggregate_{row.by}_{row.group}".lower()) for row in rows]
    return [
        SummaryRow(
            params.task, name, params.weights, row.metric, row.seeds, row.mean / PERCENT, None, None, "aggregate"
        )
        for name, row in zip(names, rows, strict=True)
    ]


def published_values(claims: ClaimsParams, params: AggregateParams) -> dict[tuple[str, str], float]:
    """(variant, metric) -> published per cent; the gain with four times the segments is the difference of two rows.

    Raises ParameterError when a row names a claim that there is not.
    """
    values = {claim.id: claim.value for group in claims.groups for claim in group.claims}
    found: dict[tuple[str, str], float] = {}
    for variant, ids in params.rows.items():
        for metric, name in ids.items():
            if name not in values:
                raise ParameterError(f"comparisons.yaml: aggregates: row {variant} names {name!r}, which is no claim")
            value = values[name]
            if value is not None:
                found[variant, metric] = value
        pair = [found.get((variant, metric)) for metric in ("exact_accuracy_4x", "exact_accuracy")]
        if pair[0] is not None and pair[1] is not None:
            found[variant, "scaling_gain"] = pair[0] - pair[1]
    return found


def csv_of(rows: Iterable[AggregateRow]) -> str:
    """The table as CSV text; an unknown published value is an empty field."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(AggregateRow._fields)
    for row in rows:
        writer.writerow(["" if part is None else round(part, 4) if isinstance(part, float) else part for part in row])
    return buffer.getvalue()


def _row(
    by: str, group: str, metric: str, found: list[SummaryRow], sizes: list[float], theirs: list[float]
) -> AggregateRow:
    means = [PERCENT * row.mean for row in found]
    published = sum(theirs) / len(theirs) if theirs else None
    seeds = min(row.seeds for row in found)
    mean = sum(means) / len(means)
    values = " ".join(f"{value:.4f}" for value in means)
    size = min(sizes, default=None)
    return AggregateRow(by, group, metric, len(found), seeds, mean, min(means), max(means), values, size, published)
