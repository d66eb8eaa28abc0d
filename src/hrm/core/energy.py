"""Energy that a training takes, where the driver counts it.

On a GPU NVML's total energy counter of each card (nvmlDeviceGetTotalEnergyConsumption, in millijoules since the driver
was loaded; cards before Volta have none), on a CPU the RAPL counters of its packages (/sys/class/powercap, microjoules;
the kernel's Documentation/power/powercap). Both count the whole card or package: where several trainings share one,
each is told the energy of all. A GPU's energy leaves out its host; a package's leaves out memory. Where
the counters are missing or not readable, as RAPL often is for other users than root, nothing is said.
"""

import ctypes
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import torch

POWERCAP = Path("/sys/class/powercap")
NVML = "libnvidia-ml.so.1"


class Counter(Protocol):
    """One counter of one device; `range` is where it starts again from 0, in joules, None where it never does."""

    name: str  # of the device, the same in every process that sees it
    source: str
    range: float | None

    def read(self) -> float | None:
        """Joules since some moment; None where they cannot be read."""


class RaplCounter:
    """The package domain of one CPU socket."""

    source = "RAPL, CPU packages"

    def __init__(self, folder: Path) -> None:
        """Raises OSError or ValueError where the folder is not that of a readable counter."""
        self.folder = folder
        self.name = f"{socket.gethostname()} {folder.name}"
        self.range: float | None = int((folder / "max_energy_range_uj").read_text()) * 1e-6
        int((folder / "energy_uj").read_text())

    def read(self) -> float | None:
        """Joules since the last wrap."""
        try:
            return int((self.folder / "energy_uj").read_text()) * 1e-6
        except (OSError, ValueError):
            return None


class NvmlCounter:
    """One NVIDIA card."""

    source = "NVML, GPU cards"
    range: float | None = None

    def __init__(self, uuid: str) -> None:
        """Raises OSError where there is no driver, or where it knows no such card."""
        self.library = ctypes.CDLL(NVML)
        self.name = uuid
        self.handle = ctypes.c_void_p()
        if self.library.nvmlInit_v2() != 0:
            raise OSError("NVML cannot be started")
        if self.library.nvmlDeviceGetHandleByUUID(uuid.encode(), ctypes.byref(self.handle)) != 0:
            raise OSError(f"NVML knows no card {uuid}")

    def read(self) -> float | None:
        """Joules since the driver was loaded."""
        millijoules = ctypes.c_ulonglong()
        failed = self.library.nvmlDeviceGetTotalEnergyConsumption(self.handle, ctypes.byref(millijoules))
        return None if failed else millijoules.value * 1e-3


def counters(device: "torch.device", powercap: Path = POWERCAP) -> list[Counter]:
    """The counters of a device that can be read now; empty where there are none.

    A CPU training may run on any socket, so that all count. Of RAPL's domains only `package-N` at the top level
    count: the others are parts of them, or the whole platform.
    """
    found: list[Counter] = []
    if device.type == "cuda":
        import torch

        uuid = str(torch.cuda.get_device_properties(device).uuid)
        try:
            found.append(NvmlCounter(uuid if uuid.startswith(("GPU-", "MIG-")) else f"GPU-{uuid}"))
        except (OSError, AttributeError):  # no driver, or one without these functions
            return []
    else:
        for folder in sorted(powercap.glob("intel-rapl:*")):  # AMD's have the same name
            try:
                if folder.name.count(":") == 1 and (folder / "name").read_text().startswith("package"):
                    found.append(RaplCounter(folder))
            except (OSError, ValueError):
                return []  # some sockets without the others would be too little
    return [] if any(counter.read() is None for counter in found) else found


class EnergyMeter:
    """Joules since it was made, by device. `read` it more often than a counter wraps: RAPL's take many minutes."""

    def __init__(self, counters: Iterable[Counter]) -> None:
        self.counters = list(counters)
        self.last = [counter.read() for counter in self.counters]
        self.joules = [0.0] * len(self.counters)
        self.broken = not self.counters or None in self.last

    @property
    def source(self) -> str | None:
        """Which counters they are; None where nothing is known."""
        return None if self.broken else self.counters[0].source

    def read(self) -> dict[str, float] | None:
        """Joules by name of the device; None where a counter is missing, failed or went back without a wrap."""
        for place, counter in enumerate(self.counters):
            before, now = self.last[place], counter.read()
            if before is None or now is None or (now < before and counter.range is None):
                self.broken = True
                break
            self.joules[place] += now - before if now >= before else now - before + (counter.range or 0.0)
            self.last[place] = now
        if self.broken:
            return None
        return {counter.name: spent for counter, spent in zip(self.counters, self.joules, strict=True)}


def total_energy(readings: Iterable[Mapping[str, float] | None]) -> float | None:
    """Joules of all processes: a device that several of them see counts once; None where any of them knows nothing."""
    most: dict[str, float] = {}
    for reading in readings:
        if reading is None:
            return None
        for name, joules in reading.items():
            most[name] = max(joules, most.get(name, 0.0))
    return sum(most.values())
