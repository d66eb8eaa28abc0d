"""Which kernels a step spends its time in, by torch.profiler: on a GPU its kernels, on a CPU PyTorch's operations."""

import re
from collections.abc import Callable
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

from hrm.bench.timing import wait

SHOWN = 12  # kernels in the table
NAME_LENGTH = 70
# The first pattern that a name matches decides.
GROUPS = {
    "attention": r"flash|fmha|sdpa|attention|_mha",
    "matrix products": r"gemm|gemv|nvjet|cutlass|xmma|cublas|splitk|aten::(add|b|add?b)?mm\b",
    "fused by the compiler": r"^triton|CompiledFxGraph",
}
OTHER = "other"


def group_of(name: str) -> str:
    """The group of a kernel, by its name."""
    found = (group for group, pattern in GROUPS.items() if re.search(pattern, name, flags=re.IGNORECASE))
    return next(found, OTHER)


def kernel_rows(step: Callable[[], object], steps: int, device: torch.device) -> list[dict[str, Any]]:
    """Milliseconds a step of each group, of the largest kernels, and of all together.

    Kernels of one step that run at the same time count each, so the total may exceed the time of the step.
    """
    cuda = device.type == "cuda"
    with profile(activities=[ProfilerActivity.CUDA if cuda else ProfilerActivity.CPU]) as record:
        for _ in range(steps):
            step()
        wait(device)
    spent: list[tuple[str, float, float]] = []
    for event in record.key_averages():
        if cuda and not str(event.device_type).endswith("CUDA"):
            continue  # a call of the host
        microseconds = event.self_device_time_total if cuda else event.self_cpu_time_total
        spent.append((event.key, microseconds / steps / 1000, event.count / steps))
    spent.sort(key=lambda kernel: -kernel[1])
    total = sum(milliseconds for _, milliseconds, _ in spent) or 1.0
    rows: list[dict[str, Any]] = []
    for group in [*GROUPS, OTHER]:
        chosen = [kernel for kernel in spent if group_of(kernel[0]) == group]
        milliseconds = sum(kernel[1] for kernel in chosen)
        rows.append(_row({"group": group}, milliseconds, sum(kernel[2] for kernel in chosen), total))
    rows.append(_row({"group": "all"}, total, sum(kernel[2] for kernel in spent), total))
    for name, milliseconds, launches in spent[:SHOWN]:
        rows.append(_row({"kernel": name[:NAME_LENGTH], "group": group_of(name)}, milliseconds, launches, total))
    return rows


def _row(names: dict[str, str], milliseconds: float, launches: float, total: float) -> dict[str, Any]:
    numbers = {"milliseconds": round(milliseconds, 3), "launches": round(launches, 1)}
    return names | numbers | {"share_of_kernels": round(milliseconds / total, 3)}
