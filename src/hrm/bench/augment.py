"""`hrm bench augment`: augmented Sudoku examples a second, in batches and, as a reference, one by one in numpy."""

import argparse
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from hrm.bench.timing import wait
from hrm.core.device import choose_device, describe_hardware
from hrm.core.seeds import numpy_generator
from hrm.data.sudoku.symmetries import SudokuSymmetries, augmentation_plan

BATCH = {"cpu": 16384, "cuda": 262144}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `hrm bench augment`."""
    parser.add_argument("--puzzles", type=int, default=1000, help="base puzzles (1000)")
    parser.add_argument("--augmentations", type=int, default=1000, help="symmetries of each (1000)")
    parser.add_argument("--reference", type=int, default=5000, help="examples that the reference makes (5000)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (2)")
    parser.add_argument(
        "--device", default="auto", help="auto (default: the CPU, and a GPU if there is one), cpu, cuda"
    )


def run(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """What the options ask for."""
    torch.set_num_threads(arguments.threads)
    devices = wanted_devices(arguments.device)
    return augment_rows(arguments.puzzles, arguments.augmentations, arguments.reference, devices)


def wanted_devices(name: str) -> list[torch.device]:
    """The named device; for auto the CPU, and a GPU if there is one."""
    device = choose_device(name)
    return [device] if name != "auto" or device.type == "cpu" else [torch.device("cpu"), device]


def augment_rows(
    puzzles: int, augmentations: int, examples: int, devices: Sequence[torch.device]
) -> list[dict[str, Any]]:
    """One row a device: seconds for all inputs and labels, examples a second, and how often that is the reference's."""
    generator = numpy_generator(0, "bench")
    boards = generator.integers(0, 10, size=(2, puzzles, 81), dtype=np.uint8)
    reference = reference_rate(boards[0], boards[1], generator, examples)
    rows: list[dict[str, Any]] = [{"path": "one by one (numpy)", "examples_per_second": reference, "ratio": 1.0}]
    for kind in devices:
        begin = time.perf_counter()
        plan = augmentation_plan(0, puzzles, augmentations, False, 3, 3)
        plan_seconds = time.perf_counter() - begin
        seconds = materialise_seconds(boards, plan, kind)
        speed = plan.size / seconds
        row = {"path": f"in batches ({kind.type})", "plan_seconds": plan_seconds, "seconds": seconds}
        hardware = describe_hardware(kind)
        name = hardware.get("gpu", hardware["cpu"])
        rows.append({**row, "examples_per_second": speed, "ratio": speed / reference, "hardware": name})
    return rows


def materialise_seconds(boards: NDArray[np.uint8], plan: NDArray[np.int64], device: torch.device) -> float:
    """Seconds until all inputs and labels exist on `device`: boards (2, puzzles, 81), plan (puzzles, augmentations)."""
    group = SudokuSymmetries(3, 3)
    inputs, labels = (torch.from_numpy(part).to(device) for part in boards + np.uint8(1))
    codes = torch.from_numpy(plan).to(device).flatten()
    rows = torch.arange(len(plan), device=device).repeat_interleave(plan.shape[1])
    out = torch.empty((2, len(codes), 81), dtype=torch.uint8, device=device)
    step = BATCH[device.type]
    group.apply_tokens(codes[:1], inputs[:1])  # the tables, made once
    wait(device)
    begin = time.perf_counter()
    for at in range(0, len(codes), step):
        chosen, batch = rows[at : at + step], codes[at : at + step]
        out[0, at : at + step] = group.apply_tokens(batch, inputs[chosen])
        out[1, at : at + step] = group.apply_tokens(batch, labels[chosen])
    wait(device)
    return time.perf_counter() - begin


def reference_rate(
    inputs: NDArray[np.uint8], labels: NDArray[np.uint8], generator: np.random.Generator, count: int
) -> float:
    """Examples a second of a plain builder, which draws and applies a symmetry for one example after another."""
    begin = time.perf_counter()
    made = []
    for i in range(count):
        names = np.concatenate([[0], generator.permutation(9) + 1]).astype(np.uint8)
        rows, columns = (
            np.concatenate([3 * band + generator.permutation(3) for band in generator.permutation(3)]) for _ in range(2)
        )
        turned = generator.random() < 0.5
        for board in (inputs[i % len(inputs)], labels[i % len(labels)]):
            grid = board.reshape(9, 9).T if turned else board.reshape(9, 9)
            made.append(names[grid[rows][:, columns]].ravel() + 1)
    np.stack(made)
    return count / (time.perf_counter() - begin)
