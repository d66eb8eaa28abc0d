"""Energy counters: trees and libraries like the real ones, wraps, several processes, resumes."""

import ctypes
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from helpers import facts_of, tiny_dataset, tiny_run
from hrm.core import energy
from hrm.core.energy import EnergyMeter, counters, total_energy
from hrm.core.errors import Interrupted
from hrm.training import loop
from hrm.training.trainer import Trainer

CPU = torch.device("cpu")
RANGE = 1000.0  # joules


class Scripted:
    """A counter that gives prepared readings."""

    source = "script"

    def __init__(self, readings: list[float | None], wraps: bool = True, name: str = "a") -> None:
        self.readings, self.name = iter(readings), name
        self.range = RANGE if wraps else None

    def read(self) -> float | None:
        return next(self.readings)


def zone(folder: Path, name: str, microjoules: int, most: int = 262_143_328_850) -> Path:
    folder.mkdir(parents=True)
    (folder / "name").write_text(name + "\n")
    (folder / "energy_uj").write_text(f"{microjoules}\n")
    (folder / "max_energy_range_uj").write_text(f"{most}\n")
    return folder


def test_every_package_counts_once_and_its_parts_and_the_platform_do_not(tmp_path: Path) -> None:
    first = zone(tmp_path / "intel-rapl:0", "package-0", 5_000_000)
    second = zone(tmp_path / "intel-rapl:1", "package-1", 262_143_000_000)
    zone(tmp_path / "intel-rapl:0:0", "core", 1_000_000)
    zone(tmp_path / "intel-rapl:2", "psys", 9_000_000)
    zone(tmp_path / "intel-rapl-mmio:0", "package-0", 5_000_000)
    meter = EnergyMeter(counters(CPU, tmp_path))
    (first / "energy_uj").write_text("7500000\n")
    (second / "energy_uj").write_text("171150\n")  # wrapped: 328,850 to the end of the range, then 171,150
    spent = meter.read()
    assert spent is not None and len(spent) == 2
    assert sorted(spent.values()) == [pytest.approx(0.5), pytest.approx(2.5)]
    assert meter.source == "RAPL, CPU packages"


def test_a_machine_without_readable_counters_says_nothing(tmp_path: Path) -> None:
    assert counters(CPU, tmp_path / "missing") == []
    zone(tmp_path / "intel-rapl:0", "package-0", 5)
    (zone(tmp_path / "intel-rapl:1", "package-1", 5) / "energy_uj").unlink()  # as for a user who may not read it
    assert counters(CPU, tmp_path) == []
    meter = EnergyMeter([])
    assert (meter.read(), meter.source, total_energy([meter.read()])) == (None, None, None)


@given(st.lists(st.floats(0, RANGE * 0.999), min_size=1, max_size=20), st.floats(0, RANGE * 0.999))
def test_steps_below_the_range_add_up_however_often_the_counter_wraps(steps: list[float], start: float) -> None:
    places = [start]
    for step in steps:
        places.append(places[-1] + step)
    meter = EnergyMeter([Scripted([place % RANGE for place in places])])
    found = [meter.read() for _ in steps][-1]
    assert found is not None
    # A step of exactly nothing and one of the whole range look the same, as do their roundings.
    assert found["a"] == pytest.approx(sum(steps), abs=1e-6) or any(step < 1e-6 for step in steps)


@pytest.mark.parametrize("readings", [[5.0, None, 7.0], [None, 6.0, 7.0], [5.0, 2.0, 7.0]])
def test_a_counter_that_fails_or_is_reset_makes_the_whole_unknown(readings: list[float | None]) -> None:
    meter = EnergyMeter([Scripted(readings, wraps=False)])
    meter.read()
    assert meter.read() is None


def test_devices_of_several_processes_add_up_and_a_shared_one_counts_once() -> None:
    assert total_energy([{"gpu0": 3.0}, {"gpu1": 4.0}]) == 7.0
    assert total_energy([{"host package": 3.0}, {"host package": 3.5}]) == 3.5
    assert total_energy([{"gpu0": 3.0}, None]) is None


def library(known: str, readings: list[int], missing: bool = False) -> Any:
    """As libnvidia-ml: knows one card, and gives millijoules."""
    left = iter(readings)

    def by_uuid(uuid: bytes, handle: Any) -> int:
        return 0 if uuid.decode() == known else 6

    def read(handle: Any, pointer: Any) -> int:
        ctypes.cast(pointer, ctypes.POINTER(ctypes.c_ulonglong))[0] = next(left)
        return 3 if missing else 0

    return SimpleNamespace(
        nvmlInit_v2=lambda: 0, nvmlDeviceGetHandleByUUID=by_uuid, nvmlDeviceGetTotalEnergyConsumption=read
    )


def test_a_card_is_found_by_its_own_id_and_counts_in_joules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda device: SimpleNamespace(uuid="12-ab"))
    cuda = torch.device("cuda", 1)
    monkeypatch.setattr(energy.ctypes, "CDLL", lambda name: library("GPU-12-ab", [1_000, 2_000, 4_500]))
    meter = EnergyMeter(counters(cuda))
    assert meter.read() == {"GPU-12-ab": 2.5}
    assert meter.source == "NVML, GPU cards"
    for broken in (library("GPU-other", [1]), library("GPU-12-ab", [1], missing=True), SimpleNamespace()):
        monkeypatch.setattr(energy.ctypes, "CDLL", lambda name, broken=broken: broken)
        assert counters(cuda) == []

    def none(name: str) -> Any:
        raise OSError(name)

    monkeypatch.setattr(energy.ctypes, "CDLL", none)
    assert counters(cuda) == []


def train(tmp_path: Path) -> dict[str, Any]:
    dataset = tiny_dataset()
    loop.train(tiny_run(), facts_of(dataset), dataset, CPU, tmp_path / "out", tmp_path / "partial")
    record = json.loads((tmp_path / "out" / "provenance.json").read_text())
    assert isinstance(record, dict)
    return record


def test_energy_adds_up_over_a_resume_and_is_left_out_where_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spent = []
    plain = Trainer.advance

    class OneJouleAStep:
        name, source, range = "a", "script", None

        def read(self) -> float:
            return float(len(spent))

    def advance(self: Trainer) -> None:
        plain(self)
        spent.append(1)
        if len(spent) == 3:
            signal_now()

    def signal_now() -> None:
        import os
        import signal

        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(Trainer, "advance", advance)
    monkeypatch.setattr(loop, "counters", lambda device: [OneJouleAStep()])
    with pytest.raises(Interrupted):
        train(tmp_path)
    spent += [1] * 100  # of others, between the two processes
    record = train(tmp_path)
    steps = tiny_run().train.steps
    assert len(spent) == steps + 100
    assert (record["energy_joules"], record["energy_source"]) == (steps, "script")
    monkeypatch.setattr(loop, "counters", lambda device: [])
    assert "energy_joules" not in train(tmp_path / "unknown")
