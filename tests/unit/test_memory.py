"""Memory of a training step: flat in the cycles for the one-step gradient, in proportion to them for the full one."""

import json
from pathlib import Path

import pandas as pd
import pytest
import torch

from helpers import PARAMS, tiny_run
from hrm.analysis.memory import saved_bytes, step_memory
from hrm.cli import main

QUICK = ["--set", "memory.batch_size=2", "--set", "memory.cells=16", "--set", "memory.high_cycles=[1, 2, 3, 4]"]


def test_bytes_are_those_of_what_the_backward_pass_needs() -> None:
    values = torch.ones(100, requires_grad=True)
    assert saved_bytes(lambda: values.exp().sum(), [values]) == 400  # the result of exp
    assert saved_bytes(lambda: (values * values).sum(), [values]) == 0  # values alone, which were there before
    assert saved_bytes(lambda: (values * values).sum(), []) == 400  # one storage, kept twice over
    with torch.no_grad():
        assert saved_bytes(lambda: values.exp().sum(), []) == 0


def test_memory_is_flat_for_the_one_step_gradient_and_grows_by_equal_amounts_for_the_full_one(tmp_path: Path) -> None:
    out = tmp_path / "memory.csv"
    options = ["--scale", "smoke", "--device", "cpu", "--params", str(PARAMS), "--out", str(out), *QUICK]
    assert main(["analyse", "memory", *options]) == 0
    table = pd.read_csv(out)
    assert list(table["module_calls"].unique()) == [3, 6, 9, 12]
    saved = {rule: list(rows["saved_bytes"]) for rule, rows in table.groupby("rule")}
    assert len(set(saved["one_step"])) == 1
    assert len(set(saved["last_cycle"])) == 1
    assert saved["k_step"][1:] == [saved["k_step"][1]] * 3  # six calls from two cycles on
    grown = [after - before for before, after in zip(saved["full"], saved["full"][1:], strict=False)]
    assert len(set(grown)) == 1 and grown[0] > 0
    assert grown[0] == pytest.approx(saved["last_cycle"][0], rel=0.1)  # a cycle more keeps what a cycle keeps
    assert json.loads((tmp_path / "memory.json").read_text())["params"]["batch_size"] == 2


def test_bytes_are_in_proportion_to_the_batch() -> None:
    cpu = torch.device("cpu")
    small, large = (step_memory(tiny_run(f"train.batch_size={size}"), 16, 6, cpu)[0] for size in (4, 8))
    assert large == pytest.approx(2 * small, rel=0.01)


def test_the_benchmark_prints_the_same_rows(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--scale", "smoke", "--device", "cpu", "--params", str(PARAMS), *QUICK]
    assert main(["bench", "memory", *options]) == 0
    assert capsys.readouterr().out.count("saved_bytes") == 16
