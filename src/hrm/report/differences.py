"""How our protocol differs from the published one: what our runs recorded against what was published."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hrm.core.params import Params
from hrm.report.claims_file import ProtocolParams
from hrm.report.derived import TASK as DERIVED_TASK
from hrm.report.derived import published_params
from hrm.report.run_paths import Player
from hrm.report.run_records import Records
from hrm.report.summary import Key, SummaryRow

# They change speed and bookkeeping, not what is learned.
NOT_PROTOCOL = ("train.threads", "train.compile", "train.cuda_graph", "train.log_every", "train.save_every")


def protocol_differences(
    protocol: ProtocolParams,
    root: Path,
    records: Records,
    answer: str,
    first_answer: str,
    summary: Mapping[Key, SummaryRow],
    weights: Player,
) -> list[str]:
    """One line a difference, "ours instead of theirs"; empty where nothing is compared.

    Seeds that were not trained alike are a difference of their own, whatever was published.

    Args:
        protocol: the published protocol.
        root: folder of the parameters, for the published settings.
        records: what our runs and data sets were made with.
        answer: TASK/VARIANT/METRIC of our result.
        first_answer: the answer that judges the claim.
        summary: our results; how many test examples there were goes before how many were asked for.
        weights: that the claim is judged on.

    Raises:
        DataError: there is no record of our result.
        ParameterError: the published settings are broken.
    """
    task, variant, _ = answer.split("/")
    if task == DERIVED_TASK:
        return []
    # Own data by design (a direction is judged, not a number): the text says so beside the verdict.
    lines = [] if protocol.published_data else [protocol.text]
    first_task, first_variant, _ = first_answer.split("/")
    if task != first_task:
        lines.append(f"task {task} instead of {first_task}")
    if variant != first_variant:
        lines.append(f"variant {variant} instead of {first_variant}")
    data = records.of_data(task)
    if protocol.published_data and not data.published:
        lines.append(f"{data.described} instead of the published ones")
    if protocol.grid is not None and protocol.grid != data.grid_shape:
        lines.append(f"{'x'.join(map(str, data.grid_shape))} grids instead of {'x'.join(map(str, protocol.grid))}")
    row = summary.get((task, variant, weights, "test_examples"))
    tested = data.test_wanted if row is None else round(row.mean)
    for name, ours, theirs in (
        ("training puzzles", data.train_wanted, protocol.train_puzzles),
        ("test puzzles", tested, protocol.test_puzzles),
    ):
        if theirs is not None and ours != theirs:
            lines.append(f"{ours:,} {name} instead of {theirs:,}")
    runs = records.of_runs(task, variant) if protocol.settings is not None else records.runs.get((task, variant), [])
    ours_by_seed = {run.seed: _settings(run.params) for run in runs}
    published = None if protocol.settings is None else _settings(published_params(root, protocol.settings))
    lines += _unlike(ours_by_seed, published)
    return lines


def _unlike(runs: Mapping[int, Mapping[str, Any]], published: Mapping[str, Any] | None) -> list[str]:
    """Settings that are not the published ones in some seed; where none are published, that seeds do not share."""
    lines = []
    for key in next(iter(runs.values()), {}):
        seeds: dict[Any, list[str]] = {}
        for seed, settings in runs.items():
            seeds.setdefault(settings[key], []).append(str(seed))
        ours = str(next(iter(seeds)))
        if len(seeds) > 1:
            ours = " and ".join(f"{value} (seed {', '.join(found)})" for value, found in seeds.items())
        if published is not None and seeds.keys() != {published[key]}:
            lines.append(f"{key} {ours} instead of {published[key]}")
        elif len(seeds) > 1:
            lines.append(f"{key} differs between seeds: {ours}")
    return lines


def _settings(params: Params, before: str = "") -> dict[str, Any]:
    """Every setting that is part of a protocol, by its dotted key."""
    found: dict[str, Any] = {}
    for key in type(params).model_fields:
        name, value = f"{before}{key}", getattr(params, key)
        found |= _settings(value, f"{name}.") if isinstance(value, Params) else {name: value}
    return {key: value for key, value in found.items() if key not in NOT_PROTOCOL}
