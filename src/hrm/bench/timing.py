"""Clocks around work that a device does on its own time."""

import time
from collections.abc import Callable

import torch


def wait(device: torch.device) -> None:
    """Until the device has done all that was asked of it; a CPU is never behind."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def time_rounds(step: Callable[[], object], steps: int, rounds: int, device: torch.device) -> list[float]:
    """Milliseconds a step, of each of `rounds` rounds of `steps` steps."""
    wait(device)
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        for _ in range(steps):
            step()
        wait(device)
        times.append((time.perf_counter() - started) / steps * 1000)
    return times
