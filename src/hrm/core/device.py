"""Choice of device and of the number format, with a clear refusal when the hardware is missing."""

from typing import TYPE_CHECKING

from hrm.core.errors import DeviceError, ParameterError

if TYPE_CHECKING:
    import torch

DEVICES = ("auto", "cpu", "cuda")


def choose_device(name: str) -> "torch.device":
    """`auto` takes CUDA where there is one; `cuda` or `cuda:N` insists. Raises DeviceError when it is absent."""
    import torch

    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name == "cpu":
        return torch.device("cpu")
    base, _, index = name.partition(":")
    if base != "cuda" or (index and not index.isdigit()):
        raise ParameterError(f"--device is {name!r}; allowed are auto, cpu, cuda and cuda:N")
    if not torch.cuda.is_available():
        raise DeviceError(f"--device {name}: PyTorch {torch.__version__} finds no CUDA GPU here; use --device cpu")
    if index and int(index) >= torch.cuda.device_count():
        raise DeviceError(f"--device {name}: this machine has {torch.cuda.device_count()} GPU(s), counted from 0")
    return torch.device(name)


def needs_fp8(device: "torch.device") -> None:
    """DeviceError on a GPU that has no FP8 matmuls; a CPU computes them slowly, for tests."""
    import torch

    if device.type == "cuda" and torch.cuda.get_device_capability(device) < (8, 9):
        name = torch.cuda.get_device_name(device)
        raise DeviceError(f"train.no_grad_matmul is fp8, which {name} cannot do; use dtype")


def describe_hardware(device: "torch.device") -> dict[str, str | int]:
    """What the numbers were made on, for provenance."""
    import os
    import platform

    import torch

    known: dict[str, str | int] = {"device": device.type, "cpu": _cpu_name(), "cpu_count": os.cpu_count() or 1}
    known["threads"] = torch.get_num_threads()
    known["system"] = platform.system()
    if device.type == "cuda":
        known["gpu"] = torch.cuda.get_device_name(device)
    return known


def _cpu_name() -> str:
    import platform
    from pathlib import Path

    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
