"""What the benchmarks measure on a CUDA device alone: replayed steps, and the peak of memory."""

import json
from pathlib import Path

import pytest
import torch

from helpers import PARAMS
from hrm.analysis.memory import memory_rows
from hrm.cli import main
from hrm.core.analysis_schema import analysis_params

PATHS = ["plain", "eager", "compiled", "graph", "graph_fp8"]
pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]


def test_every_path_runs_and_frees_what_it_took(tmp_path: Path) -> None:
    out = tmp_path / "rows.json"
    options = ["--settings", "small", "--paths", *PATHS, "--rounds", "3", "--profile"]
    before = torch.cuda.memory_allocated()
    assert main(["bench", "--json", str(out), "train", "--variants", "hrm", *options, "--params", str(PARAMS)]) == 0
    rows = {row["path"]: row for row in json.loads(out.read_text()) if "peak_gib" in row}
    assert list(rows) == PATHS
    assert all(row["peak_gib"] > 0 for row in rows.values())
    assert rows["graph"]["milliseconds"] < rows["compiled"]["milliseconds"]  # so small a step is bound by launches
    assert torch.cuda.memory_allocated() - before < 0.2 * 2**30


def test_the_peak_is_flat_for_the_one_step_gradient_and_grows_for_the_full_one() -> None:
    overrides = ["memory.rules=[one_step, full]", "memory.high_cycles=[2, 4, 8]", "memory.batch_size=64"]
    params = analysis_params(PARAMS, overrides).memory
    rows = memory_rows(PARAMS, "smoke", params, torch.device("cuda"))
    one, full = ([row["peak_bytes"] for row in rows if row["rule"] == rule] for rule in ("one_step", "full"))
    assert max(one) < 1.1 * min(one)
    assert full[2] - full[1] == pytest.approx(2 * (full[1] - full[0]), rel=0.1)
