"""`hrm bench train`: time and memory of one training step, beside a plain rewrite of the published one.

The same card runs at other speeds on other days, so both are timed in one call, and so is a large matrix product, of
whose rate each row says which share the products of its step reach.
"""

import argparse
import gc
import math
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, get_args

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from hrm.bench.kernels import kernel_rows
from hrm.bench.schema import BenchParams, SettingParams, Way, bench_params
from hrm.bench.steps import our_step, plain_step
from hrm.bench.timing import time_rounds, wait
from hrm.core.device import choose_device, describe_hardware
from hrm.core.errors import ParameterError
from hrm.core.schema import RunParams, run_params
from hrm.costs import step_operations

VARIANTS = {"hrm": True, "hrm_halt_loss": False}  # whether it makes the extra forward pass
ON_CUDA, ON_CPU = ["sudoku", "maze", "small"], ["smoke"]  # the settings that are timed unless others are named
WAYS = {
    "eager": ["train.compile=false", "train.cuda_graph=false"],
    "compiled": ["train.compile=true", "train.cuda_graph=false"],
    "graph": ["train.compile=true", "train.cuda_graph=true"],
}
WAYS["graph_fp8"] = [*WAYS["graph"], "train.no_grad_matmul=fp8"]
BACKENDS = {
    "auto": None,
    "flash": SDPBackend.FLASH_ATTENTION,
    "cudnn": SDPBackend.CUDNN_ATTENTION,
    "efficient": SDPBackend.EFFICIENT_ATTENTION,
}
GIB = 2**30


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `hrm bench train`."""
    parser.add_argument("--params", type=Path, default=Path("params"), help="folder of the parameters (params)")
    parser.add_argument("--settings", nargs="+", help="of params/bench.yaml (CUDA: sudoku maze small; CPU: smoke)")
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS), help="which variants (both)")
    parser.add_argument("--paths", nargs="+", choices=get_args(Way), help="which steps (those of the setting)")
    parser.add_argument("--device", default="auto", help="auto (default), cpu, cuda or cuda:N")
    parser.add_argument("--rounds", type=int, help="timed rounds (params/bench.yaml)")
    parser.add_argument("--steps", type=int, help="steps of a round (params/bench.yaml)")
    parser.add_argument("--attention", choices=BACKENDS, default="auto", help="whose attention (auto: PyTorch chooses)")
    parser.add_argument("--profile", action="store_true", help="say which kernels our step spends its time in")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as in train.batch_size=64")


def run(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """A row for each setting, variant and path, then the kernels if they are wanted, then the machine."""
    device = choose_device(arguments.device)
    bench = bench_params(arguments.params)
    given = {"rounds": arguments.rounds, "steps": arguments.steps}
    bench = bench.model_copy(update={name: number for name, number in given.items() if number is not None})
    if min(bench.rounds, bench.steps) < 1:
        raise ParameterError("--rounds and --steps must be 1 or more")
    names = arguments.settings or (ON_CUDA if device.type == "cuda" else ON_CPU)
    unknown = [name for name in names if name not in bench.settings]
    if unknown:
        raise ParameterError(f"--settings: no setting {unknown[0]!r}; allowed are {', '.join(bench.settings)}")
    torch.set_float32_matmul_precision("high" if device.type == "cuda" else "highest")
    rows: list[dict[str, Any]] = []
    kernels: list[dict[str, Any]] = []
    for name in names:
        setting = bench.settings[name]
        paths = [path for path in arguments.paths or setting.paths if can_run(path, device)]
        for variant in arguments.variants:
            made: list[dict[str, Any]] = []
            for path in paths:
                profiled = arguments.profile and path == paths[-1]
                work = _work(arguments, setting, variant, path, device)
                with _attention(arguments.attention):
                    row, table = measure(work, bench, device, profiled)
                known = {"setting": name, "variant": variant, "path": path}
                made.append(known | row)
                kernels += [known | line for line in table]
            rows += compare(made)
    _free(device)
    return [*rows, *kernels, {"hardware": describe_hardware(device)}]


class Work(NamedTuple):
    """A step to time, not made yet."""

    make: Callable[[], Callable[[], object]]
    params: RunParams
    cells: int
    operations: float


def _work(arguments: argparse.Namespace, setting: SettingParams, variant: str, path: str, device: torch.device) -> Work:
    changes = [*setting.changes, *arguments.set, *WAYS.get(path, [])]
    params = run_params(arguments.params, setting.scale, setting.task, variant, changes)
    extra = VARIANTS[variant]
    make = partial(our_step, params, setting, device)
    if path == "plain":
        make = partial(plain_step, params, setting, device, extra)
    cells = math.prod(setting.grid_shape)
    return Work(make, params, cells, step_operations(params, cells, extra))


def measure(
    work: Work, bench: BenchParams, device: torch.device, profiled: bool
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Time and memory of a step, and the table of its kernels if that is wanted; all of it is freed at the end."""
    torch.set_num_threads(work.params.train.threads)
    peak = product_rate(device)
    before = _free(device)
    started = time.perf_counter()
    step = work.make()
    for _ in range(bench.warm_up):
        step()
    wait(device)
    warm_up = time.perf_counter() - started
    rounds = time_rounds(step, bench.steps, bench.rounds, device)
    train, middle = work.params.train, statistics.median(rounds)
    row: dict[str, Any] = {
        "batch_size": train.batch_size,
        "cells": work.cells,
        "milliseconds": round(middle, 3),
        "spread": round(max(rounds) - min(rounds), 3),
        "examples_per_second": round(train.batch_size / middle * 1000),
        "product_rate_tflops": round(peak / 1e12, 2),
        "share_of_product_rate": round(work.operations / middle * 1000 / peak, 3),
        "warm_up_seconds": round(warm_up, 1),
        "run_seconds": round(warm_up + train.steps * middle / 1000, 1),  # of a training of the length that params say
    }
    if device.type == "cuda":
        row["peak_gib"] = round((torch.cuda.max_memory_allocated(device) - before) / GIB, 3)
    return row, kernel_rows(step, bench.profiled, device) if profiled else []


def compare(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of one setting and variant, those of ours with how they stand to the plain rewrite."""
    plain = next((row for row in rows if row["path"] == "plain"), None)
    if plain is None:
        return rows
    compared = []
    for row in rows:
        ratios = {"times_as_fast_as_plain": round(plain["milliseconds"] / row["milliseconds"], 3)}
        if "peak_gib" in row and plain["peak_gib"]:
            ratios["memory_beside_plain"] = round(row["peak_gib"] / plain["peak_gib"], 3)
        compared.append(row | ratios)
    return compared


def can_run(path: str, device: torch.device) -> bool:
    """Whether this machine can take such steps; a CPU without a compiler says so, and goes on with the others."""
    if device.type == "cuda" or path in ("plain", "eager"):
        return True
    if path != "compiled":
        return False
    try:
        torch.compile(torch.sin)(torch.zeros(8))
    except Exception as error:  # whatever PyTorch's compiler stumbles over: no C++ compiler, no headers
        reason = " ".join(str(error).split())[:120]
        print(f"hrm bench train: PyTorch cannot compile for this CPU, eager alone is timed ({reason})", file=sys.stderr)
        return False
    return True


def product_rate(device: torch.device) -> float:
    """Operations a second of a bfloat16 product of random square matrices, 8192 wide on CUDA (512 on a CPU)."""
    size = 8192 if device.type == "cuda" else 512
    left, right = (torch.randn(size, size, device=device, dtype=torch.bfloat16) for _ in range(2))
    for _ in range(3):
        left @ right
    wait(device)
    started = time.perf_counter()
    for _ in range(10):
        left @ right
    wait(device)
    return 10 * 2 * size**3 / (time.perf_counter() - started)


def _attention(name: str) -> AbstractContextManager[object]:
    backend = BACKENDS[name]
    return nullcontext() if backend is None else sdpa_kernel(backend)


def _free(device: torch.device) -> int:
    """Drop what former rows left behind; bytes of device memory that stay."""
    torch.compiler.reset()  # compiled functions keep the models that they were made for
    gc.collect()
    if device.type != "cuda":
        return 0
    torch._C._cuda_clearCublasWorkspaces()  # each stream that recorded a graph has one of 32 MiB
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats(device)
    return torch.cuda.memory_allocated(device)
