"""ARC data: time and disk of the plan, beside a builder that writes every augmented example, and batches a second."""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hrm.bench.timing import wait
from hrm.core.device import describe_hardware
from hrm.data.arc.collection import ArcTask
from hrm.data.arc.params import ArcParams
from hrm.data.arc.plan import draw_codes
from hrm.data.arc.reference import canvases, plan_by_hashing
from hrm.data.arc.task import TASK, task_finder
from hrm.data.batches import TrainBatches
from hrm.data.dataset import NONE, Dataset, load_dataset

# The published builder on ARC-AGI-1 and ConceptARC, two cores: measured for this project, but not by this file.
PUBLISHED: dict[str, float] = {"seconds": 366.0, "megabytes": 7200.0, "ids": 876_412}
BATCH = {"cpu": 768, "cuda": 16384}


def arc_rows(
    params: ArcParams, workers: int, subset: int, batches: int, devices: Sequence[torch.device]
) -> list[dict[str, Any]]:
    """Rows for the published builder (quoted, where the data are those it makes), ours, a plain one, and batches.

    Ours is the whole data set from sources to files. The plain one materialises `subset` tasks, spread evenly, in the
    published layout; what it would take for all is extrapolated by the number of examples. DataError as for `generate`.
    """
    rows: list[dict[str, Any]] = []
    if params.published and "arc_agi_1/training" in params.parts:
        rows.append({"path": "published builder (quoted)", **PUBLISHED})
    with tempfile.TemporaryDirectory() as name:
        row, dataset = plan_row(params, workers, Path(name))
    rows += [row, plain_row(params, subset, row["examples"])]
    return rows + [batch_row(TrainBatches(dataset, BATCH[device.type], 0, device), batches) for device in devices]


def plan_row(params: ArcParams, workers: int, folder: Path) -> tuple[dict[str, Any], Dataset]:
    """Seconds, bytes on disk, ids, and how many augmented examples of both splits they stand for; the data set."""
    started = time.perf_counter()
    candidates = TASK.make_candidates(params, 0, TASK.candidate_count(params), workers, lambda _: None)
    plan_seconds = time.perf_counter() - started
    info = TASK.write_dataset(folder, params, candidates, workers)
    seconds = time.perf_counter() - started
    dataset = load_dataset(folder)
    examples = sum(int((split.plan != NONE).sum(axis=1)[split.groups].sum()) for split in (dataset.train, dataset.test))
    row = {"path": "plan", "plan_seconds": plan_seconds, "seconds": seconds, "megabytes": _megabytes(folder)}
    return {**row, "ids": info.puzzle_ids, "examples": examples}, dataset


def plain_row(params: ArcParams, subset: int, examples: int) -> dict[str, Any]:
    """Seconds and bytes of a plain builder for `subset` tasks, and by the number of examples for all `examples`."""
    count, find = TASK.candidate_count(params), task_finder(params)
    chosen = [find(int(i)) for i in np.linspace(0, count - 1, min(subset, count))]
    with tempfile.TemporaryDirectory() as name:
        started = time.perf_counter()
        made = sum(_materialise(task, params, Path(name)) for task in chosen)
        seconds, size = time.perf_counter() - started, _megabytes(Path(name))
    return {
        "path": f"one by one, {len(chosen)} of {count} tasks",
        "seconds": seconds,
        "megabytes": size,
        "examples": made,
        "extrapolated_seconds": seconds * examples / made,
        "extrapolated_megabytes": size * examples / made,
    }


def batch_row(source: TrainBatches, batches: int) -> dict[str, Any]:
    """Examples a second of augmented and moved batches, drawn one after another: the median, and the best."""
    device = source.device
    times = []
    for _ in range(batches + 1):  # the first makes the tables
        started = time.perf_counter()
        source.make(source.next())
        wait(device)
        times.append(time.perf_counter() - started)
    times = sorted(times[1:])
    hardware = describe_hardware(device)
    return {
        "path": f"batches of {source.batch_size} ({device.type})",
        "examples_per_second": source.batch_size / times[len(times) // 2],
        "best_examples_per_second": source.batch_size / times[0],
        "hardware": hardware.get("gpu", hardware["cpu"]),
    }


def _materialise(task: ArcTask, params: ArcParams, folder: Path) -> int:
    """Write all augmented examples of a task as the published layout holds them: one byte a token."""
    generator = np.random.default_rng(0)
    codes = draw_codes(task.name, params.seed, params.retries * params.augmentations).tolist()
    kept = plan_by_hashing(task.pairs, codes, params.augmentations)
    draws = generator.random((len(kept), len(task.pairs), 2)).tolist()
    examples = [
        canvases(pair, code, params.largest_grid, draws[i][j])
        for i, code in enumerate(kept)
        for j, pair in enumerate(task.pairs)
    ]
    np.save(folder / f"{task.name}.npy", np.array(examples))
    return len(examples)


def _megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.iterdir()) / 1e6
