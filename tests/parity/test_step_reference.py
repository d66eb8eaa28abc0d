"""One training step of every model and switch, against the plain float64 reference: loss, gradient, states, update."""

import math

import pytest
import torch
from reference import example_loss, optimizer_step

from helpers import facts_of, tiny_dataset, tiny_run
from hrm.training.trainer import Trainer

SINGLE = ("model.architecture=single", "halting.rule=halting_loss")
TRM = ("model.shared_modules=true", "model.low_layers=0", "model.high_layers=2", "model.gradient.rule=last_cycle")
CASES = {
    "hrm": (),
    "hrm, 3 x 3 cycles": ("model.high_cycles=3", "model.low_cycles=3"),
    "hrm, halting loss": ("halting.rule=halting_loss",),
    "hrm, ponder": ("halting.rule=ponder", "halting.ponder_cost=0.3"),
    "hrm, one segment": ("halting.max_segments=1",),
    "hrm, ponder, one segment": ("halting.rule=ponder", "halting.max_segments=1"),
    "hrm, fixed": ("halting.rule=fixed",),
    "hrm, k steps": ("model.gradient.rule=k_step", "model.gradient.steps=4"),
    "hrm, full": ("model.gradient.rule=full",),
    "hrm, gated": ("model.high_update=gated", "model.gradient.rule=last_cycle"),
    "hrm, sparse": ("model.state_sparsity=0.5",),
    "hrm, learned states": ("model.initial_states=learned", "model.gradient.rule=full"),
    "hrm, both positions": ("model.positions=both", "model.puzzle_embedding_size=24"),
    "single": SINGLE,
    "single, full": (*SINGLE, "model.gradient.rule=full", "model.low_cycles=3"),
    "transformer": (*SINGLE, "model.high_cycles=1", "model.low_cycles=1", "halting.max_segments=1"),
    "trm": (*TRM, "model.mixing=mlp", "model.high_cycles=3", "model.low_cycles=2"),
    "trm, attention": (*TRM, "halting.rule=halting_loss"),
    "board study": (
        "halting.rule=fixed",
        "model.norm_scale=true",
        "model.initialisation=uniform",
        "model.puzzle_embedding_size=0",
        "train.loss=softmax",
        "optimizer.name=adamw",
    ),
    "smoothing": ("train.label_smoothing=0.1",),
    "smoothing, softmax": ("train.label_smoothing=0.1", "train.loss=softmax"),
    "clipped": ("optimizer.gradient_clip=0.05", "optimizer.name=adamw"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_training_step_equals_the_reference(case):
    run = tiny_run(*CASES[case], "optimizer.warmup_steps=0", "optimizer.weight_decay=0.3", "train.batch_size=4")
    dataset = tiny_dataset()
    t = Trainer(run, facts_of(dataset), dataset, torch.device("cpu"))
    with torch.no_grad():
        t.model.q_head.weight.normal_(generator=torch.Generator().manual_seed(3)).mul_(0.1)
        t.model.embedding.puzzle_table.normal_(generator=torch.Generator().manual_seed(2))
    weights = {name: value.double() for name, value in t.model.state_dict().items()}
    names = list(t.flat.slices)
    for name in names:
        weights[name] = weights[name].clone().requires_grad_()
    gradients = {}
    plain = t.update
    t.update = lambda rates: (gradients.update(t.flat.unflatten(t.flat.gradients)), plain(rates))
    t.advance()

    inits = [weights[f"{name.removesuffix('_state')}_init"] for name in t.model.states._fields]
    total = 0.0
    for i in range(4):
        states = [init.expand(t.model.embedding.length, -1) for init in inits]
        tokens, labels = t.carry.batch.inputs[i], t.carry.batch.labels[i]
        loss, states = example_loss(weights, run, tokens, labels, 1, *states)
        total = total + loss / 4
        for found, wished in zip(t.carry.states, states, strict=True):
            torch.testing.assert_close(found[i].double(), wished, atol=1e-4, rtol=1e-3)
    assert t.take_sums()["loss"] == pytest.approx(total.item(), rel=1e-5)

    total.backward()
    found = torch.cat([gradients[name].flatten() for name in names]).double()
    wished = torch.cat([_gradient(weights[name]).flatten() for name in names])
    torch.testing.assert_close(found, wished, atol=2e-5 * wished.abs().max().item(), rtol=2e-3)

    clip = run.optimizer.gradient_clip
    norm = wished.norm().item()
    shrunk = wished * (clip / norm if clip and norm > clip else 1.0)
    before = torch.cat([weights[name].detach().flatten() for name in names])
    after = torch.cat([value.flatten() for value in t.flat.unflatten(t.flat.values).values()])
    # A gradient of rounding errors alone has a sign by chance, and atan2 makes a whole step of it.
    clear = (wished.abs() > 1e-3 * wished.abs().max()) | (wished == 0)
    for place in clear.nonzero().flatten()[::17].tolist():
        value = optimizer_step(before[place].item(), [shrunk[place].item()], run.optimizer.learning_rate, run.optimizer)
        assert after[place].item() == pytest.approx(value, abs=2e-6 + 1e-3 * run.optimizer.learning_rate)
    assert not clip or norm > clip


def _gradient(weight):
    return torch.zeros_like(weight) if weight.grad is None else weight.grad


def test_the_reference_optimizers_are_their_formulas():
    run = tiny_run("optimizer.name=adamw", "optimizer.weight_decay=0.0").optimizer
    assert optimizer_step(1.0, [0.5], 0.1, run) == pytest.approx(1.0 - 0.1)  # the first step of Adam has size lr
    atan2 = tiny_run("optimizer.weight_decay=0.0").optimizer
    assert optimizer_step(1.0, [0.5], 0.1, atan2) == pytest.approx(1.0 - 0.1 / 0.1 * math.atan2(0.05, 0.5))
