"""Gradients kept in bfloat16, where the network computes in it, against the way of the released code.

There parameters are float32 and cast at every use, so that the gradients of several uses are added in float32. With the
published one-step gradient every weight is used once under a gradient, and both ways are the same bits. Where a weight
is used again and again, what the buffer rounds is small beside what bfloat16 itself does to the gradient.
"""

import pytest
import torch

from helpers import facts_of, tiny_dataset, tiny_run
from hrm.training.trainer import Trainer

REPEATED = {
    "trm": ("trm", ()),
    "trm, as often as published": ("trm", ("model.high_cycles=3", "model.low_cycles=6")),
    "trm, attention": ("trm_attention", ("model.high_cycles=3", "model.low_cycles=6")),
    "whole segment": ("hrm_bptt", ("model.high_cycles=4", "model.low_cycles=4")),
}


def gradient(way, variant, overrides):
    """All gradients of a first step: with our buffer, as the released code has them, or in float64."""
    dtype = "float32" if way == "float64" else "bfloat16"
    run = tiny_run("model.hidden_size=64", "model.heads=4", f"train.dtype={dtype}", *overrides, variant=variant)
    dataset = tiny_dataset()
    t = Trainer(run, facts_of(dataset), dataset, torch.device("cpu"))
    t.update = lambda rates: None
    with torch.no_grad():
        t.model.q_head.weight.normal_(generator=torch.Generator().manual_seed(3)).mul_(0.1)
        t.model.embedding.puzzle_table.normal_(generator=torch.Generator().manual_seed(2))
    if way != "buffer":
        for parameter in t.model.parameters():
            # Both start from weights that bfloat16 can hold: the cast of the weights is no part of the question.
            parameter.data, parameter.grad = parameter.data.bfloat16().float(), None
    if way == "float64":
        t.model.double().dtype = torch.float64
        t.carry = t._first_carry()
    t.advance()
    kept = {parameter.grad.dtype for parameter in t.model.parameters()}
    assert kept == {{"buffer": torch.bfloat16, "released": torch.float32, "float64": torch.float64}[way]}
    return torch.cat([parameter.grad.double().flatten() for parameter in t.model.parameters()])


@pytest.mark.parametrize("variant", ["hrm", "hrm_halt_loss", "transformer"])
def test_weights_that_are_used_once_have_the_released_gradient_bit_for_bit(variant):
    assert torch.equal(*(gradient(way, variant, ()) for way in ("buffer", "released")))


@pytest.mark.parametrize("case", REPEATED)
def test_weights_that_are_used_again_and_again_lose_nothing_that_matters(case):
    ours, released, exact = (gradient(way, *REPEATED[case]) for way in ("buffer", "released", "float64"))
    assert not torch.equal(ours, released)
    assert (ours - exact).norm() < 1.06 * (released - exact).norm()
    assert (ours - released).norm() < 0.01 * released.norm()
    assert abs(ours @ released / (released @ released) - 1) < 1e-3  # neither longer nor shorter
