"""What only a CUDA device can show: agreement with the CPU, no waiting in the loop, resume."""

import pytest
import torch

from helpers import facts_of, tiny_dataset, tiny_run
from hrm.core.errors import Interrupted
from hrm.data.sudoku.symmetries import SudokuSymmetries
from hrm.training import loop
from hrm.training.trainer import Trainer

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]
CUDA = torch.device("cuda")
WIDE = ("model.hidden_size=64", "model.puzzle_embedding_size=64", "train.batch_size=64")


def trainer(device, *overrides, variant="hrm"):
    dataset = tiny_dataset()
    return Trainer(tiny_run(*WIDE, *overrides, variant=variant), facts_of(dataset), dataset, device)


@pytest.mark.parametrize("variant", ["hrm", "hrm_halt_loss", "trm"])
@pytest.mark.parametrize(("compiled", "replayed"), [("false", "false"), ("true", "false"), ("false", "true")])
def test_first_steps_equal_the_cpu_in_float32(variant, compiled, replayed):
    torch.set_float32_matmul_precision("highest")
    overrides = ("halting.exploration=0.0", "train.dtype=float32")
    cpu = trainer(torch.device("cpu"), *overrides, variant=variant)
    switches = (f"train.compile={compiled}", f"train.cuda_graph={replayed}")
    gpu = trainer(CUDA, *overrides, *switches, variant=variant)
    for _ in range(6):  # the graph is recorded at the fourth
        cpu.advance()
        gpu.advance()
    # atan2 turns a gradient of either sign near zero into a whole step, so compare losses and states, not weights
    assert gpu.take_sums()["loss"] == pytest.approx(cpu.take_sums()["loss"], rel=1e-4)
    torch.testing.assert_close(gpu.carry.states.high_state.cpu(), cpu.carry.states.high_state, atol=2e-2, rtol=1e-2)


@pytest.mark.parametrize("variant", ["hrm", "hrm_halt_loss", "trm"])
def test_bfloat16_compiled_is_close_to_float32(variant):
    exact = trainer(CUDA, "train.dtype=float32", "halting.exploration=0.0", variant=variant)
    fast = trainer(CUDA, "train.dtype=bfloat16", "train.compile=true", "halting.exploration=0.0", variant=variant)
    for _ in range(2):
        exact.advance()
        fast.advance()
    assert fast.take_sums()["loss"] == pytest.approx(exact.take_sums()["loss"], rel=0.03)


@pytest.mark.parametrize("switches", [(), ("train.compile=true", "train.cuda_graph=true")])
def test_fp8_without_a_gradient_are_close_to_bfloat16(switches):
    if torch.cuda.get_device_capability() < (8, 9):
        pytest.skip("needs products in eight bits")
    common = ("train.dtype=bfloat16", "halting.exploration=0.0", "model.mlp_multiple=16", *switches)
    plain, rough = trainer(CUDA, *common), trainer(CUDA, *common, "train.no_grad_matmul=fp8")
    assert rough.model.high_module.layers[0].mlp.down_proj.weight_fp8 is not None
    for _ in range(6):
        plain.advance()
        rough.advance()
    assert rough.take_sums()["loss"] == pytest.approx(plain.take_sums()["loss"], rel=0.03)


@pytest.mark.parametrize(
    "variant", ["pointer", "pointer_last_refinement", "pointer_baseline", "rnn", "board_bptt_4_s2"]
)
def test_every_architecture_trains_recorded_as_launched(variant):
    switches = ("train.dtype=bfloat16", "train.compile=true", "model.dropout=0.1")
    launched = trainer(CUDA, *switches, "train.cuda_graph=false", variant=variant)
    replayed = trainer(CUDA, *switches, "train.cuda_graph=true", variant=variant)
    for _ in range(12):
        launched.advance()
        replayed.advance()
    assert replayed.take_sums()["loss"] == pytest.approx(launched.take_sums()["loss"], rel=0.02)


def test_replayed_steps_equal_launched_ones():
    switches = ("train.dtype=bfloat16", "train.compile=true", "halting.max_segments=4", "train.steps=300")
    launched = trainer(CUDA, *switches, "train.cuda_graph=false")
    replayed = trainer(CUDA, *switches, "train.cuda_graph=true")
    for _ in range(270):  # past the border of a chunk of the schedule
        launched.advance()
        replayed.advance()
    assert torch.equal(launched.carry.batch.inputs, replayed.carry.batch.inputs)
    assert torch.equal(launched.carry.steps, replayed.carry.steps)
    torch.testing.assert_close(launched.flat.values, replayed.flat.values)
    torch.testing.assert_close(launched.optimizer.average, replayed.optimizer.average)
    assert launched.take_sums() == pytest.approx(replayed.take_sums())


@pytest.mark.parametrize("replayed", ["false", "true"])
def test_the_loop_never_waits_for_the_device(replayed):
    t = trainer(CUDA, "train.dtype=bfloat16", "train.compile=true", f"train.cuda_graph={replayed}")
    for _ in range(5):
        t.advance()
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        for _ in range(10):
            t.advance()
    finally:
        torch.cuda.set_sync_debug_mode("default")


def test_symmetries_on_the_device_equal_those_on_the_cpu():
    import numpy as np

    group = SudokuSymmetries(3, 3)
    codes = torch.from_numpy(group.random(np.random.default_rng(0), (5000,)))
    boards = torch.randint(0, 10, (5000, 81), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    assert torch.equal(group.apply(codes.to(CUDA), boards.to(CUDA)).cpu(), group.apply(codes, boards))


def test_an_interrupted_training_resumes(tmp_path, monkeypatch):
    dataset = tiny_dataset()
    params, facts = tiny_run(*WIDE, "train.dtype=bfloat16"), facts_of(dataset)
    plain = Trainer.advance
    monkeypatch.setattr(Trainer, "advance", lambda self: (plain(self), self.step == 6 and _terminate()))
    with pytest.raises(Interrupted):
        loop.train(params, facts, dataset, CUDA, tmp_path / "out", tmp_path / "partial")
    monkeypatch.setattr(Trainer, "advance", plain)
    loop.train(params, facts, dataset, CUDA, tmp_path / "out", tmp_path / "partial")
    assert (tmp_path / "out" / "model.safetensors").exists()


def _terminate():
    import os
    import signal

    os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two CUDA devices")
@pytest.mark.parametrize("replayed", ["false", "true"])
def test_two_gpus_train_what_one_does(tmp_path, replayed):
    import json

    from hrm.cli import main

    wide = ("model.hidden_size=64", "model.heads=2", "model.mlp_multiple=64", "model.puzzle_embedding_size=64")
    settings = (*wide, "train.batch_size=64", "train.dtype=float32", f"train.cuda_graph={replayed}")
    out = tmp_path / "rows.json"
    options = [text for each in settings for text in ("--set", each)]
    assert main(["bench", "--json", str(out), "scaling", "--scale=smoke", "--device=cuda", *options]) == 0
    _, two = json.loads(out.read_text())
    assert two["processes"] == 2 and two["same_weights"]
    assert two["largest_relative_loss_difference"] < 0.01
