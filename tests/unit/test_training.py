"""The loop: deep supervision, carry, resume, divergence, disk full."""

import csv
import errno
import json
import math
import os
import re
import signal

import pytest
import torch
from safetensors.torch import load_file

from helpers import PARAMS, facts_of, tiny_dataset, tiny_run
from hrm.core.errors import CheckpointError, DivergedError, HrmError, Interrupted
from hrm.core.experiments import variants
from hrm.training import loop
from hrm.training.checkpoint import load_model
from hrm.training.trainer import Trainer

CPU = torch.device("cpu")


def trainer(*overrides, variant="hrm", seed=0):
    dataset = tiny_dataset()
    return Trainer(tiny_run(*overrides, variant=variant), facts_of(dataset, seed, variant), dataset, CPU)


def run(tmp_path, name, *overrides, variant="hrm"):
    dataset = tiny_dataset()
    out = tmp_path / name
    loop.train(tiny_run(*overrides, variant=variant), facts_of(dataset), dataset, CPU, out, tmp_path / "partial")
    return out


def interrupt_at(monkeypatch, step, action):
    """Call `action` after training step number `step`, once."""
    plain = Trainer.advance
    seen = []

    def advance(self):
        plain(self)
        if self.step == step and not seen:
            seen.append(step)
            action(self)

    monkeypatch.setattr(Trainer, "advance", advance)


def timeless(path):
    with path.open() as file:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(file)]


def assert_same_run(left, right):
    a, b = load_file(left / "model.safetensors"), load_file(right / "model.safetensors")
    assert a.keys() == b.keys()
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert timeless(left / "history.csv") == timeless(right / "history.csv")


def test_finished_examples_are_swapped_for_fresh_ones_and_others_kept():
    t = trainer("halting.exploration=0.0")
    t.advance()
    before = t.carry
    halted = torch.tensor([True, False] * 4)
    t.carry = before._replace(halted=halted, steps=torch.arange(8, dtype=torch.int32) % 2 + 1)
    upcoming = t.batches.position
    t.advance()
    after = t.carry
    assert t.batches.position == upcoming + 8
    assert torch.equal(after.batch.inputs[~halted], before.batch.inputs[~halted])
    assert torch.equal(after.batch.labels[~halted], before.batch.labels[~halted])
    order = t.batches._chunk.rows[upcoming : upcoming + 8]
    assert torch.equal(after.batch.inputs[halted], t.batches.examples.inputs[order].long()[halted])
    assert after.steps.tolist() == [1, 3] * 4


def test_an_epoch_shows_every_puzzle_once():
    t = trainer("train.batch_size=5")
    seen = torch.cat([t.batches.make(t.batches.next()).labels for _ in range(12)])[:60].view(5, 12, 16)
    whole = sorted(map(tuple, t.batches.examples.labels.long().tolist()))
    for epoch in seen:
        assert sorted(map(tuple, epoch.tolist())) == whole
    assert not torch.equal(seen[0], seen[1])


def test_states_carry_no_gradient_across_segments():
    t = trainer()
    t.advance()
    assert not t.carry.states.high_state.requires_grad
    assert t.carry.states.high_state.grad_fn is None


@pytest.mark.parametrize(("segments", "passes"), [(1, 0), (2, 1)])
@pytest.mark.parametrize("rule", ["q_learning", "ponder"])
def test_a_single_segment_makes_no_further_pass_and_trains_no_continue_value(monkeypatch, rule, segments, passes):
    t = trainer(f"halting.max_segments={segments}", f"halting.rule={rule}")
    with torch.no_grad():
        t.model.q_head.weight.normal_(generator=torch.Generator().manual_seed(3))  # at first all values are the same
    calls = []
    plain = t._further
    monkeypatch.setattr(t, "_further", lambda *given: calls.append(given) or plain(*given))
    gradients = {}
    update = t.update
    t.update = lambda rates: (gradients.update(t.flat.unflatten(t.flat.gradients)), update(rates))
    t.advance()
    assert len(calls) == passes
    assert bool(gradients["q_head.bias"][1] != 0) == (rule == "q_learning" and passes == 1)


# All but those that differ from another one by a size or a number of calls alone.
SIZES = re.compile(r"(transformer|recurrent|hrm_hidden|hrm_loops|hrm_from)_.*|hrm_short|hrm_long|board_.*_s4")
VARIANTS = sorted(name for name in variants(PARAMS) if not SIZES.fullmatch(name))


@pytest.mark.parametrize(("variant", "loss"), [*((variant, "stablemax") for variant in VARIANTS), ("hrm", "softmax")])
def test_training_learns_the_tiny_set(variant, loss):
    # A mixer of positions has to learn which cells see each other; attention finds them by their digits.
    tens = 20 if variant.startswith("trm") else 15
    switches = [f"train.loss={loss}", f"train.steps={10 * tens}", "train.supervise_every=1"]  # the labels are no paths
    t = trainer("optimizer.learning_rate=3.0e-3", *switches, variant=variant)
    losses = []
    for _ in range(tens):
        for _ in range(10):
            t.advance()
        losses.append(t.take_sums()["loss"] / 10)
    # As puzzles halt and new ones come, the mean of ten steps goes up and down: the best of the later ones counts.
    assert min(losses[tens // 2 :]) < 0.65 * losses[0]


def test_same_seed_same_weights_other_seed_other_weights(tmp_path):
    a, b, c = trainer(), trainer(), trainer(seed=1)
    for t in (a, b, c):
        for _ in range(3):
            t.advance()
    assert torch.equal(a.flat.values, b.flat.values)
    assert not torch.equal(a.flat.values, c.flat.values)


RANDOM = ("model.dropout=0.2", "model.state_noise=0.1", "halting.rule=fixed", "train.curriculum.start=0.3")


@pytest.mark.parametrize(("variant", "switches"), [("hrm", ()), ("single_bptt", ()), ("trm", ()), ("hrm", RANDOM)])
@pytest.mark.parametrize("step", [1, 6, 11])
def test_after_sigterm_the_resumed_run_is_bit_for_bit_the_uninterrupted_one(
    tmp_path, monkeypatch, variant, switches, step
):
    whole = run(tmp_path, "whole", *switches, variant=variant)
    interrupt_at(monkeypatch, step, lambda _: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(Interrupted) as stopped:
        run(tmp_path, "resumed", *switches, variant=variant)
    assert stopped.value.exit_code == 143
    assert not (tmp_path / "resumed").exists()
    resumed = run(tmp_path, "resumed", *switches, variant=variant)
    assert_same_run(whole, resumed)
    assert json.loads((resumed / "provenance.json").read_text())["resumed_at_steps"] == [step]
    assert not list((tmp_path / "partial").iterdir())


def test_a_run_killed_between_saves_resumes_from_the_last_save(tmp_path, monkeypatch):
    whole = run(tmp_path, "whole")

    class Killed(BaseException):
        pass

    def die(_):
        raise Killed

    interrupt_at(monkeypatch, 7, die)
    with pytest.raises(Killed):
        run(tmp_path, "killed")
    resumed = run(tmp_path, "killed")
    assert_same_run(whole, resumed)
    assert json.loads((resumed / "provenance.json").read_text())["resumed_at_steps"] == [4]


def test_a_changed_parameter_does_not_resume_another_run(tmp_path, monkeypatch):
    interrupt_at(monkeypatch, 6, lambda _: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(Interrupted):
        run(tmp_path, "out")
    out = run(tmp_path, "out", "optimizer.learning_rate=5.0e-3")
    assert json.loads((out / "provenance.json").read_text())["resumed_at_steps"] == []


def test_a_loss_that_is_not_finite_stops_with_its_step_and_keeps_the_last_good_state(tmp_path, monkeypatch):
    interrupt_at(monkeypatch, 5, lambda t: t.flat.values.fill_(math.nan))
    with pytest.raises(DivergedError, match=r"at step 6; the last good state is kept in .*partial"):
        run(tmp_path, "out")
    (state,) = (tmp_path / "partial").iterdir()
    assert all(torch.isfinite(tensor).all() for tensor in load_file(state).values() if tensor.is_floating_point())
    assert not (tmp_path / "out").exists()


def test_a_full_disk_is_one_line_and_the_state_before_it_survives(tmp_path, monkeypatch):
    whole = run(tmp_path, "whole")
    calls = []
    plain = loop.save_tensors

    def full(path, tensors, facts):
        calls.append(path)
        if len(calls) == 2:
            monkeypatch.setattr("hrm.training.checkpoint.save_file", no_space)
        plain(path, tensors, facts)

    def no_space(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(loop, "save_tensors", full)
        with pytest.raises(HrmError, match=r"cannot be written \(No space left on device\)"):
            run(tmp_path, "out")
        assert len(list((tmp_path / "partial").iterdir())) == 1
    monkeypatch.undo()
    assert_same_run(whole, run(tmp_path, "out"))


def test_a_damaged_resume_state_is_named(tmp_path, monkeypatch):
    interrupt_at(monkeypatch, 6, lambda _: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(Interrupted):
        run(tmp_path, "out")
    (state,) = (tmp_path / "partial").iterdir()
    state.write_bytes(state.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match="damaged or truncated"):
        run(tmp_path, "out")


def test_model_file_holds_raw_and_averaged_weights(tmp_path):
    out = run(tmp_path, "out")
    raw = load_model(out / "model.safetensors", "raw", CPU, compile=False)
    ema = load_model(out / "model.safetensors", "ema", CPU, compile=False)
    assert raw.facts["step"] == 12 and raw.params == tiny_run()
    assert not torch.equal(raw.model.head.weight, ema.model.head.weight)
    assert torch.equal(raw.model.embedding.puzzle_table, ema.model.embedding.puzzle_table)
    assert raw.model.embedding.puzzle_table.abs().sum() > 0  # SignSGD moved it
    assert not raw.model.training
