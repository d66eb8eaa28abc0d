"""When states change, counted on networks that follow the schedule of the paper and on such that do not."""

from pathlib import Path
from typing import Any

import pytest
import torch
from evaluation_doubles import write_tiny_dataset, write_tiny_model

from hrm.analysis.dynamics import dynamics
from hrm.data.dataset import load_dataset
from hrm.evaluation.evaluate import test_examples as examples_of
from hrm.evaluation.segments import Examples
from hrm.models.hrm.network import Carry, Hrm
from hrm.training.checkpoint import load_model

CPU = torch.device("cpu")


@pytest.fixture
def network(tmp_path: Path) -> tuple[Hrm, Examples]:
    write_tiny_model(tmp_path / "model.safetensors", write_tiny_dataset(tmp_path / "data", 11))
    model = load_model(tmp_path / "model.safetensors", "ema", CPU, compile=False).model
    assert isinstance(model, Hrm)
    return model, examples_of(load_dataset(tmp_path / "data"), 5, CPU)


def forward_states(steps: str, names: str) -> Any:
    """A forward pass of one's own: `steps` are the module calls, `names` the states that are kept of them."""

    def run(self: Hrm, states: Carry, injected: Any, rotary: Any, positions: slice) -> Carry:
        high, low = states
        for step in steps:
            if step == "L":
                after = self.low_module(low, high, injected, rotary)
                low = after if step in names else low
            else:
                after = self.high_module(high, low, None, rotary)
                high = after if step in names else high
        return Carry(high, low)

    return run


def test_a_high_module_that_sees_the_input_is_found_out(
    network: tuple[Hrm, Examples], monkeypatch: pytest.MonkeyPatch
) -> None:
    def peeking(self: Hrm, states: Carry, injected: Any, rotary: Any, positions: slice) -> Carry:
        high, low = states
        for given in (injected, None):
            low = self.low_module(low, high, injected, rotary)
            low = self.low_module(low, high, injected, rotary)
            high = self.high_module(high, low, given, rotary)
        return Carry(high, low)

    monkeypatch.setattr(Hrm, "forward_states", peeking)
    found = dynamics(*network, segments=1)
    assert found["dynamics_high_given_input"] == 0.5
    assert found["dynamics_off_schedule"] == 0.0


def test_hrm_updates_low_at_every_step_and_high_every_second(network: tuple[Hrm, Examples]) -> None:
    assert dynamics(*network, segments=2) == {
        "dynamics_high_updates": 2.0,
        "dynamics_low_updates": 4.0,
        "dynamics_high_period": 2.0,
        "dynamics_off_schedule": 0.0,
        "dynamics_high_given_input": 0.0,
    }


@pytest.mark.parametrize(
    ("steps", "kept", "high", "low", "period", "off"),
    [
        ("LLHLLH", "LH", 2, 4, 2, 0),  # the paper's, written anew
        ("LHLHLH", "LH", 3, 3, 1, 3 / 6),  # both at one rate: the second, third and fourth call break it
        ("LLLLHH", "LH", 2, 4, 2, 2 / 6),  # the right numbers in the wrong order
        ("LLHLLH", "L", 0, 4, 4, 2 / 6),  # a high state that never changes
        ("LLHLLH", "H", 2, 0, 0, 4 / 6),
    ],
)
def test_another_schedule_gives_other_numbers(
    network: tuple[Hrm, Examples],
    monkeypatch: pytest.MonkeyPatch,
    steps: str,
    kept: str,
    high: float,
    low: float,
    period: float,
    off: float,
) -> None:
    monkeypatch.setattr(Hrm, "forward_states", forward_states(steps, kept))
    found = dynamics(*network, segments=1)
    assert (found["dynamics_high_updates"], found["dynamics_low_updates"]) == (high, low)
    if high:
        assert found["dynamics_high_period"] == period
    assert found["dynamics_off_schedule"] == pytest.approx(off)
