"""`hrm bench step`: time of one training step, compiled beside eager and with the extra forward pass beside without."""

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hrm.core.device import choose_device, describe_hardware
from hrm.core.schema import RunParams, run_params
from hrm.data.dataset import Dataset, DatasetInfo, Split
from hrm.training.trainer import Trainer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `hrm bench step`."""
    parser.add_argument("--params", type=Path, default=Path("params"), help="folder of the parameters (params)")
    parser.add_argument("--scale", default="gpu", help="scale whose training is timed (gpu)")
    parser.add_argument("--device", default="auto", help="auto (default), cpu, cuda or cuda:N")
    parser.add_argument("--steps", type=int, default=30, help="timed steps of each setting (30)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as in train.batch_size=64")


def run(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Time each setting in turn, and report the median of three rounds and the ratios."""
    device = choose_device(arguments.device)
    if device.type == "cuda":
        torch.set_float32_matmul_precision("high")
    modes = [("eager", "false")] + ([("compiled", "true")] if device.type == "cuda" else [])
    rows: list[dict[str, Any]] = []
    for variant in ("hrm", "hrm_halt_loss"):
        for mode, flag in modes:
            overrides = [*arguments.set, f"train.compile={flag}"]
            params = run_params(arguments.params, arguments.scale, "sudoku", variant, overrides)
            rows.append({"variant": variant, "mode": mode, **time_steps(params, device, arguments.steps)})
    slowest = rows[0]["milliseconds"]
    for row in rows:
        row["ratio_to_eager_hrm"] = round(row["milliseconds"] / slowest, 3)
    return [*rows, {"hardware": describe_hardware(device)}]


def time_steps(params: RunParams, device: torch.device, steps: int) -> dict[str, float]:
    """Milliseconds a step and examples a second of one setting, on random 9x9 grids."""
    rng = np.random.default_rng(0)
    cells = rng.integers(1, 11, (1000, 81)).astype(np.uint8)
    split = Split(cells, np.maximum(cells, 2), np.zeros(1000, dtype=np.int32), np.zeros((1000, 8), dtype=np.int64))
    facts: dict[str, Any] = {"seed": 0, "grid_shape": [9, 9], "vocabulary_size": 11, "puzzle_ids": 1}
    info = DatasetInfo(
        task="sudoku",
        train_examples=1000,
        test_examples=1000,
        generator={"box_height": 3, "box_width": 3},
        statistics={},
        sha256={},
        **facts,
    )
    started = time.perf_counter()
    trainer = Trainer(params, facts, Dataset(info, split, split), device)
    for _ in range(5):
        trainer.advance()
    _wait(device)
    warm_up = time.perf_counter() - started
    rounds = []
    for _ in range(3):
        started = time.perf_counter()
        for _ in range(steps):
            trainer.advance()
        _wait(device)
        rounds.append((time.perf_counter() - started) / steps * 1000)
    middle = sorted(rounds)[1]
    return {
        "batch_size": params.train.batch_size,
        "milliseconds": round(middle, 2),
        "examples_per_second": round(params.train.batch_size / middle * 1000),
        "warm_up_seconds": round(warm_up, 1),
    }


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
