"""`hrm bench train` compares our step with the plain one, and counts what it divides by."""

import json
from pathlib import Path

import pytest
import torch

from helpers import PARAMS, tiny_run
from hrm.bench import train
from hrm.bench.kernels import group_of, kernel_rows
from hrm.bench.schema import bench_params
from hrm.cli import main
from hrm.core.schema import run_params

SMALL = ["--set", "model.hidden_size=16", "--set", "model.heads=2", "--set", "model.mlp_multiple=8"]
QUICK = ["--device", "cpu", "--rounds", "3", "--steps", "1", *SMALL, "--params", str(PARAMS)]


def test_each_row_of_ours_stands_beside_the_plain_rewrite(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "rows.json"
    options = ["--settings", "smoke", "--paths", "plain", "eager", "--profile"]
    assert main(["bench", "--json", str(out), "train", *options, *QUICK]) == 0
    *rows, machine = json.loads(out.read_text())
    timed = [row for row in rows if "group" not in row]
    names = [(row["variant"], row["path"]) for row in timed]
    assert names == [(variant, path) for variant in ("hrm", "hrm_halt_loss") for path in ("plain", "eager")]
    for plain, eager in zip(timed[::2], timed[1::2], strict=True):
        assert plain["times_as_fast_as_plain"] == 1
        assert eager["times_as_fast_as_plain"] == pytest.approx(plain["milliseconds"] / eager["milliseconds"], abs=1e-3)
        assert eager["examples_per_second"] == pytest.approx(32_000 / eager["milliseconds"], rel=0.01, abs=1)
    shares = {row["group"]: row["share_of_kernels"] for row in rows if "group" in row and "kernel" not in row}
    assert shares["matrix products"] > 0 and shares["attention"] > 0
    assert sum(shares.values()) == pytest.approx(2, abs=0.01)  # all of them, and "all"
    assert machine["hardware"]["device"] == "cpu"
    assert "times_as_fast_as_plain" in capsys.readouterr().out


def test_an_unknown_setting_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "train", "--settings", "sudoko", *QUICK]) == 2
    assert "no setting 'sudoko'; allowed are sudoku, maze, small, boards, smoke" in capsys.readouterr().err


@pytest.mark.parametrize("name", bench_params(PARAMS).settings)
def test_every_setting_has_parameters_that_fit(name: str) -> None:
    setting = bench_params(PARAMS).settings[name]
    for variant in train.VARIANTS:
        assert run_params(PARAMS, setting.scale, setting.task, variant, setting.changes).train.batch_size > 0


def test_operations_are_those_of_the_products_that_run() -> None:
    # A width of 16 takes 4 x 16 x 16 weights for attention and 3 x 16 x 48 for SwiGLU; a grid of 16 cells is 17 long.
    params = tiny_run("model.mlp_multiple=16")
    layer = 8 * 17 * (2 * (4 * 256 + 3 * 16 * 48) + 4 * 17 * 16)
    assert train.step_operations(params, 16, extra_forward=False) == layer * (6 + 2 * 2)
    assert train.step_operations(params, 16, extra_forward=True) == layer * (6 + 6 + 2 * 2)
    full = tiny_run("model.mlp_multiple=16", "model.gradient.rule=full")
    assert train.step_operations(full, 16, extra_forward=False) == layer * (6 + 2 * 6)


@pytest.mark.parametrize(
    ("kernel", "group"),
    [
        ("nvjet_tst_128x256_64x4_2x1_v_bz_coopA_TNN", "matrix products"),
        ("sm90_xmma_gemm_bf16bf16_bf16f32_f32_tn_n", "matrix products"),
        ("aten::addmm", "matrix products"),
        ("void pytorch_flash::flash_fwd_kernel<...>", "attention"),
        ("cudnn_generated_fort_native_sdpa_sm90_flash_bprop_wgmma_f16", "attention"),
        ("fmha_cutlassF_bf16_aligned_64x64_rf_sm80", "attention"),
        ("triton_red_fused_add_mean_mul_pow_rsqrt_3", "fused by the compiler"),
        ("void at::native::index_elementwise_kernel<128, 4>", "other"),
    ],
)
def test_kernels_are_grouped_by_their_names(kernel: str, group: str) -> None:
    assert group_of(kernel) == group


def test_a_product_is_found_by_the_profiler() -> None:
    weight = torch.randn(256, 256)
    rows = kernel_rows(lambda: weight @ weight, 2, torch.device("cpu"))
    products = next(row for row in rows if row["group"] == "matrix products")
    assert products["launches"] >= 1 and products["share_of_kernels"] > 0.5


def test_without_a_compiler_the_eager_step_is_timed_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_: object) -> None:
        raise RuntimeError("no C++ compiler\nwas found")

    monkeypatch.setattr(torch, "compile", broken)
    cpu = torch.device("cpu")
    assert [path for path in ("plain", "eager", "compiled", "graph") if train.can_run(path, cpu)] == ["plain", "eager"]
    said = capsys.readouterr().err
    assert "eager alone is timed (no C++ compiler was found)" in said
    assert len(said.splitlines()) == 1
