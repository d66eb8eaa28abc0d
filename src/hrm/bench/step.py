"""`hrm bench step`: time of one training step, eager, compiled and replayed, with the extra forward pass and without.

The same card runs at other speeds on other days, so a large matrix product is timed in the same run, and each setting
says which share of its rate the step's own products reach.
"""

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hrm.core.device import choose_device, describe_hardware
from hrm.core.schema import RunParams, run_params
from hrm.data.dataset import Dataset, DatasetInfo, single_examples
from hrm.models.layers import mlp_width
from hrm.training.trainer import Trainer

VARIANTS = ["hrm", "hrm_halt_loss"]
MODES = ["eager", "compiled", "graph"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `hrm bench step`."""
    parser.add_argument("--params", type=Path, default=Path("params"), help="folder of the parameters (params)")
    parser.add_argument("--scale", default="gpu", help="scale whose training is timed (gpu)")
    parser.add_argument("--device", default="auto", help="auto (default), cpu, cuda or cuda:N")
    parser.add_argument("--steps", type=int, default=30, help="timed steps of each setting (30)")
    parser.add_argument("--modes", nargs="+", choices=MODES, default=MODES, help="graph: compiled and replayed")
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=VARIANTS, help="which variants (both)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as in train.batch_size=64")


def run(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Time each setting in turn, and report the median of three rounds and the ratios."""
    device = choose_device(arguments.device)
    if device.type == "cuda":
        torch.set_float32_matmul_precision("high")
    modes = [mode for mode in arguments.modes if mode == "eager" or device.type == "cuda"]
    peak = product_rate(device)
    rows: list[dict[str, Any]] = []
    for variant in arguments.variants:
        for mode in modes:
            flags = [f"train.compile={mode != 'eager'}".lower(), f"train.cuda_graph={mode == 'graph'}".lower()]
            params = run_params(arguments.params, arguments.scale, "sudoku", variant, [*arguments.set, *flags])
            row = {"variant": variant, "mode": mode, **time_steps(params, device, arguments.steps)}
            row["share_of_product_rate"] = round(step_operations(params) / row["milliseconds"] * 1000 / peak, 3)
            rows.append(row)
    for row in rows:
        row["ratio_to_first"] = round(row["milliseconds"] / rows[0]["milliseconds"], 3)
    return [*rows, {"product_rate_tflops": round(peak / 1e12, 1), "hardware": describe_hardware(device)}]


def product_rate(device: torch.device) -> float:
    """Operations a second of a bfloat16 product of random square matrices, 8192 wide on CUDA (1024 on a CPU)."""
    size = 8192 if device.type == "cuda" else 1024
    left, right = (torch.randn(size, size, device=device, dtype=torch.bfloat16) for _ in range(2))
    for _ in range(3):
        left @ right
    _wait(device)
    started = time.perf_counter()
    for _ in range(10):
        left @ right
    _wait(device)
    return 10 * 2 * size**3 / (time.perf_counter() - started)


def step_operations(params: RunParams) -> float:
    """Operations of the matrix products of a step on 9x9 grids: 2 a multiply-add, a gradient costs two forwards."""
    model = params.model
    length, width = 82, model.hidden_size
    linear = 2 * (4 * width * width + 3 * width * mlp_width(model, width))
    layer = params.train.batch_size * length * (linear + 4 * length * width)
    forward = model.high_cycles * (model.low_cycles * model.low_layers + model.high_layers)
    extra = forward if params.halting.rule == "q_learning" else 0
    return float(layer * (forward + extra + 2 * (model.low_layers + model.high_layers)))


def time_steps(params: RunParams, device: torch.device, steps: int) -> dict[str, float]:
    """Milliseconds a step and examples a second of one setting, on random 9x9 grids."""
    facts, dataset = random_grids()
    started = time.perf_counter()
    trainer = Trainer(params, facts, dataset, device)
    for _ in range(5):
        trainer.advance()
    _wait(device)
    warm_up = time.perf_counter() - started
    milliseconds = time_rounds(trainer, steps)
    return {
        "batch_size": params.train.batch_size,
        "milliseconds": round(milliseconds, 2),
        "examples_per_second": round(params.train.batch_size / milliseconds * 1000),
        "warm_up_seconds": round(warm_up, 1),
    }


def random_grids() -> tuple[dict[str, Any], Dataset]:
    """The facts that a trainer asks for, and a data set of 1000 random 9x9 grids."""
    rng = np.random.default_rng(0)
    cells = rng.integers(1, 11, (1000, 81)).astype(np.uint8)
    split = single_examples(
        cells, np.maximum(cells, 2), np.zeros(1000, dtype=np.int32), np.zeros((1000, 8), dtype=np.int64)
    )
    facts: dict[str, Any] = {"seed": 0, "grid_shape": [9, 9], "vocabulary_size": 11, "puzzle_ids": 1}
    info = DatasetInfo(
        task="sudoku",
        family="sudoku",
        group_names={},
        train_examples=1000,
        test_examples=1000,
        generator={"box_height": 3, "box_width": 3},
        statistics={},
        sha256={},
        **facts,
    )
    return facts, Dataset(info, split, split)


def time_rounds(trainer: Trainer, steps: int) -> float:
    """Milliseconds a step, the median of three rounds of `steps` steps."""
    rounds = []
    for _ in range(3):
        _wait(trainer.device)
        started = time.perf_counter()
        for _ in range(steps):
            trainer.advance()
        _wait(trainer.device)
        rounds.append((time.perf_counter() - started) / steps * 1000)
    return sorted(rounds)[1]


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
