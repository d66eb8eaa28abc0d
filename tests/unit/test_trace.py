"""A trace sees every state on the way and changes none of them."""

import pytest
import torch

from helpers import tiny_run
from hrm.models.build import build_model
from hrm.models.trace import decode, observed, trace_layers, trace_segments

CPU = torch.device("cpu")
TOKENS = torch.randint(1, 6, (3, 16), generator=torch.Generator().manual_seed(4))
IDS = torch.zeros(3, dtype=torch.long)
# Calls of a segment, as (name, cycle), at 2 x 2 cycles (3 for the others), and how many layers they run through.
HL = [("L", 1), ("L", 1), ("H", 1), ("L", 2), ("L", 2), ("H", 2)]
CASES = {
    "hrm": (HL, 6),
    "trm": (HL, 6),
    "single": ([("core", n + 1) for n in range(4)], 8),
    "transformer": ([("core", 1)], 2),
    "rnn": ([("core", n + 1) for n in range(8)], 0),
    "pointer": ([("core", 1), ("core", 2)], 4),
    "pointer_baseline": ([("core", 1)], 2),
}


def model_of(variant, *overrides):
    layers = ["model.high_layers=1"] + ([] if variant == "trm" else ["model.low_layers=1"])
    cycles = ["model.high_cycles=2", "model.low_cycles=2"] if variant in ("hrm", "trm", "single") else []
    more = ["model.pointer.refinements=2"] if variant.startswith("pointer") else []
    run = tiny_run(*layers, *cycles, *more, *overrides, variant=variant)
    model = build_model(run.model, "float32", 6, 16, 1, torch.Generator().manual_seed(1)).eval()
    with torch.no_grad():  # away from zeros, whose residual scales hide what the layers do
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(2)))
    return model


def plain(model, segments):
    carry, found = model.initial_carry(3, CPU), []
    for _ in range(segments):
        carry, logits, q = model(carry, TOKENS, IDS)
        found.append((carry, logits, q))
    return found


@pytest.mark.parametrize("trace", [trace_segments, trace_layers])
@pytest.mark.parametrize("variant", CASES)
def test_a_trace_gives_the_answers_of_the_plain_pass_bit_for_bit(variant, trace):
    model = model_of(variant)
    with torch.no_grad():
        expected = plain(model, 3)
        traced = list(trace(model, TOKENS, IDS, 3))
        again = plain(model, 3)
    assert len(traced) == 3
    for (_, logits, q), segment, (_, later, _) in zip(expected, traced, again, strict=True):
        assert torch.equal(logits, segment.logits) and torch.equal(q, segment.q) and torch.equal(logits, later)


@pytest.mark.parametrize("variant", CASES)
def test_every_state_comes_once_in_its_order_and_the_last_are_the_carry(variant):
    model = model_of(variant)
    calls, layers = CASES[variant]
    with torch.no_grad():
        carries = [carry for carry, _, _ in plain(model, 2)]
    for number, (traced, carry) in enumerate(zip(trace_segments(model, TOKENS, IDS, 2), carries, strict=True), 1):
        assert [(call.name, call.cycle) for call in traced.calls] == calls
        assert all(call.segment == number for call in traced.calls)
        last = {call.name: call.state for call in traced.calls}
        if "H" in last:
            assert torch.equal(last["H"], carry.high_state) and torch.equal(last["L"], carry.low_state)
        else:
            assert torch.equal(last["core"], carry.high_state)
        assert torch.equal(decode(model, last.get("H", last.get("core"))), traced.logits)
    for traced in trace_layers(model, TOKENS, IDS, 2):
        assert [call.cycle for call in traced.calls] == list(range(layers + 1 if layers else 0))


def test_layers_chain_from_the_embedded_input_to_the_answer():
    model = model_of("transformer")
    (traced,) = trace_layers(model, TOKENS, IDS, 1)
    embedded = model._embed(TOKENS, IDS, None)[0] + model.initial_carry(3, CPU).high_state
    assert torch.equal(traced.calls[0].state, embedded)
    assert torch.equal(decode(model, traced.calls[-1].state), traced.logits)


def test_the_gated_high_state_is_the_one_after_the_gate():
    model = model_of("hrm", "model.high_update=gated")
    with torch.no_grad():
        carry = plain(model, 1)[0][0]
    (traced,) = trace_segments(model, TOKENS, IDS, 1)
    assert torch.equal(traced.calls[-1].state, carry.high_state)


def test_nothing_is_left_behind_even_by_a_trace_that_stops_early():
    model = model_of("hrm")
    next(iter(trace_segments(model, TOKENS, IDS, 3)))
    layers = trace_layers(model, TOKENS, IDS, 3)
    next(layers)
    layers.close()
    assert model.observer is None
    assert not any(module._forward_hooks for module in model.modules())
    with pytest.raises(ZeroDivisionError), observed(model, lambda *_: 1 / 0):
        model(model.initial_carry(3, CPU), TOKENS, IDS)
    assert model.observer is None


@pytest.mark.slow
def test_a_model_without_an_observer_is_one_graph_for_the_compiler():
    model = model_of("hrm")
    compiled = torch.compile(model.forward, backend="eager", fullgraph=True)
    carry = model.initial_carry(3, CPU)
    assert torch.equal(compiled(carry, TOKENS, IDS)[1], model(carry, TOKENS, IDS)[1])
