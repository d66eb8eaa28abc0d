"""`hrm bench scaling`: one training step in one process and in several, at the same batch and at the same share of it.

Each number of processes is a start of its own, by the launcher of `hrm train --processes`. The first losses are
compared, too: speed with another result is worth nothing.
"""

import argparse
import statistics
import tempfile
from pathlib import Path
from typing import Any

from hrm.core.errors import HrmError, ParameterError
from hrm.core.files import read_json, write_json
from hrm.core.processes import launch, place

LOSSES = 20
ROUNDS = 3
# At the published warm-up the first steps hardly move the weights, and any gradient would give the same losses.
QUICK = "optimizer.warmup_steps=5"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `hrm bench scaling`."""
    parser.add_argument("--processes", type=int, default=2, metavar="N", help="one process beside N (2)")
    parser.add_argument("--params", type=Path, default=Path("params"), help="folder of the parameters (params)")
    parser.add_argument("--scale", default="gpu", help="scale whose training is timed (gpu)")
    parser.add_argument("--variant", default="hrm", help="variant that is timed (hrm)")
    parser.add_argument("--device", default="auto", help="auto (default), cpu or cuda")
    parser.add_argument("--steps", type=int, default=30, help="timed steps a round; the median of three counts (30)")
    parser.add_argument("--weak", action="store_true", help="also the whole batch in each of the N processes")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as in train.batch_size=64")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)  # file for the rows of a started process


def run(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Start one process, then N, and compare them."""
    if arguments.worker:
        measure(arguments)
        return []
    if arguments.processes < 2:
        raise ParameterError(f"--processes is {arguments.processes}; it must be 2 or more")
    with tempfile.TemporaryDirectory() as folder:
        (alone,) = _start(1, arguments, Path(folder))
        several = _start(arguments.processes, arguments, Path(folder))
    rows = [alone, *several]
    for row in several:
        row["speed_up"] = round(row["examples_per_second"] / alone["examples_per_second"], 3)
    pairs = list(zip(alone["losses"], several[0]["losses"], strict=True))
    several[0]["largest_loss_difference"] = max(abs(left - right) for left, right in pairs)
    several[0]["largest_relative_loss_difference"] = max(abs(left - right) / abs(left) for left, right in pairs)
    for row in rows:
        losses = row.pop("losses")
        row["first_loss"], row[f"loss_{LOSSES}"] = losses[0], losses[-1]
    return rows


def _start(count: int, arguments: argparse.Namespace, folder: Path) -> list[dict[str, Any]]:
    out = folder / f"{count}.json"
    names = ("processes", "params", "scale", "variant", "device", "steps")
    options = [text for name in names for text in (f"--{name}", str(getattr(arguments, name)))]
    options += [text for each in arguments.set for text in ("--set", each)]
    code = launch(count, ["bench", "scaling", *options, *(["--weak"] * arguments.weak), "--worker", str(out)])
    if code:
        raise HrmError(f"{count} process(es) of the training step ended with exit code {code}")
    rows: list[dict[str, Any]] = read_json(out)
    return rows


def measure(arguments: argparse.Namespace) -> None:
    """In a started process: time its settings, and write the rows from process 0."""
    import torch

    from hrm.core.schema import run_params
    from hrm.training.parallel import joined, own_device

    own = place()
    device = own_device(arguments.device, own)
    if device.type == "cuda":
        torch.set_float32_matmul_precision("high")
    load = [run_params(arguments.params, arguments.scale, "sudoku", arguments.variant, [QUICK, *arguments.set])]
    batch = load[0].train.batch_size
    if batch % own.size:
        raise ParameterError(f"train.batch_size is {batch}; it must divide by the {own.size} processes")
    if arguments.weak and own.size > 1:
        train = load[0].train.model_copy(update={"batch_size": batch * own.size})
        load.append(load[0].model_copy(update={"train": train}))
    torch.set_num_threads(load[0].train.threads)
    with joined(own, device) as group:
        rows = [_row(arguments.params, params, device, group, arguments.steps) for params in load]
    if own.rank == 0:
        write_json(arguments.worker, rows)


def _row(root: Path, params: Any, device: Any, group: Any, steps: int) -> dict[str, Any]:
    """First losses and time of one setting, and whether the processes still hold the same weights."""
    from hrm.bench.schema import bench_params
    from hrm.bench.steps import facts_of, random_dataset
    from hrm.bench.timing import time_rounds
    from hrm.core.device import describe_hardware
    from hrm.training.trainer import Trainer

    setting = bench_params(root).settings["sudoku"]
    trainer = Trainer(params, facts_of(setting), random_dataset(setting), device, group)
    losses = []
    for _ in range(LOSSES):
        trainer.advance()
        losses.append(trainer.take_sums()["loss"])
    milliseconds = statistics.median(time_rounds(trainer.advance, steps, ROUNDS, device))
    sums = group.each((trainer.flat.values.double().sum().item(), trainer.model.embedding.puzzle_table.sum().item()))
    hardware = describe_hardware(device)
    return {
        "processes": group.size,
        "batch_size": params.train.batch_size,
        "milliseconds": round(max(group.each(milliseconds)), 2),
        "examples_per_second": round(params.train.batch_size / max(group.each(milliseconds)) * 1000),
        "same_weights": len(set(sums)) == 1,
        "hardware": hardware.get("gpu", hardware["cpu"]),
        "losses": losses,
    }
