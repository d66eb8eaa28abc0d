"""How our protocol differs from the published one, from the parameters of both."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hrm.core.data_params import data_params
from hrm.core.schema import run_params
from hrm.report.claims_file import ProtocolParams
from hrm.report.derived import TASK as DERIVED_TASK
from hrm.report.derived import published_params
from hrm.report.summary import Key, SummaryRow

# They change speed and bookkeeping, not what is learned.
NOT_PROTOCOL = ("train.threads", "train.compile", "train.cuda_graph", "train.log_every", "train.save_every")


def protocol_differences(
    protocol: ProtocolParams, root: Path, scale: str, answer: str, first_answer: str, summary: Mapping[Key, SummaryRow]
) -> list[str]:
    """One line a difference, "ours instead of theirs"; empty where nothing is compared.

    Args:
        protocol: the published protocol.
        root: folder of the parameters.
        scale: of our result.
        answer: TASK/VARIANT/METRIC of our result.
        first_answer: the answer that judges the claim.
        summary: our results; what was measured (steps, test examples) goes before what the parameters ask for.

    Raises:
        ParameterError: the parameters of our result are missing or broken.
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
    data = data_params(root, scale, task, [])
    if protocol.published_data and not data.published:
        lines.append(f"{data.described} instead of the published ones")
    if protocol.grid is not None and protocol.grid != data.grid_shape:
        lines.append(f"{'x'.join(map(str, data.grid_shape))} grids instead of {'x'.join(map(str, protocol.grid))}")
    tested = _measured(summary, task, variant, "test_examples", data.test_wanted)
    for name, ours, theirs in (
        ("training puzzles", data.train_wanted, protocol.train_puzzles),
        ("test puzzles", tested, protocol.test_puzzles),
    ):
        if theirs is not None and ours != theirs:
            lines.append(f"{ours:,} {name} instead of {theirs:,}")
    if protocol.settings is not None:
        published = _flat(published_params(root, protocol.settings).model_dump())
        run = _flat(run_params(root, scale, task, variant, []).model_dump())
        run["train.steps"] = _measured(summary, task, variant, "steps", run["train.steps"])
        lines += [
            f"{key} {run[key]} instead of {theirs}"
            for key, theirs in published.items()
            if key not in NOT_PROTOCOL and run[key] != theirs
        ]
    return lines


def _measured(
    summary: Mapping[Key, SummaryRow], task: str, variant: str, metric: str, otherwise: int | None
) -> int | None:
    row = summary.get((task, variant, "raw", metric))
    return otherwise if row is None else round(row.mean)


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{section}.{key}": value for section, keys in values.items() for key, value in keys.items()}
