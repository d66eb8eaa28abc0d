"""The pointer-over-heads model: calls at two rates, schedules, routes, sizes, and what its section refuses."""

import pytest
import torch

from helpers import PARAMS, facts_of, tiny_dataset, tiny_run
from hrm.core.errors import ParameterError
from hrm.core.schema import run_params
from hrm.models.build import build_model, count_parameters
from hrm.models.pointer import controller_updates
from hrm.models.pointer.network import Pondering, hard_routes, route_entropy
from hrm.training.checkpoint import load_model, save_tensors
from hrm.training.trainer import Trainer

CPU = torch.device("cpu")
SMALL = ("model.hidden_size=24", "model.heads=4", "model.high_layers=1", "model.low_layers=1", "halting.max_segments=1")


def trainer(*overrides, variant="pointer"):
    dataset = tiny_dataset()
    return Trainer(tiny_run(*SMALL, *overrides, variant=variant), facts_of(dataset, 0, variant), dataset, CPU)


def model_of(*overrides, variant="pointer"):
    params = tiny_run(*SMALL, *overrides, variant=variant)
    return build_model(params.model, "float32", 6, 16, 1, torch.Generator().manual_seed(1))


def test_f_l_is_called_at_every_refinement_and_f_h_at_every_period_th():
    t = trainer("model.pointer.refinements=12", "model.pointer.period=4")
    calls = {"low": 0, "high": 0}

    def count(name):
        def hook(*_):
            calls[name] += 1

        return hook

    controller = t.model.blocks[1].controller
    controller.low_cell.register_forward_hook(count("low"))
    controller.high_cell.register_forward_hook(count("high"))
    for _ in range(3):
        t.advance()
    assert (calls["low"], calls["high"]) == controller_updates(12, 4, 3) == (36, 9)
    assert controller_updates(12, 4, 20_000) == (240_000, 60_000)  # the study's accounting
    assert controller_updates(5, 2, 1) == (5, 3)


def test_with_a_gate_f_h_is_called_every_time_and_a_closed_gate_keeps_its_state():
    model = model_of("model.pointer.high_gate=true", "model.pointer.period=4")
    seen = []
    controller = model.blocks[0].controller
    controller.high_cell.register_forward_hook(lambda _, given, __: seen.append(given[1]))
    tokens, ids = torch.ones(2, 16, dtype=torch.long), torch.zeros(2, dtype=torch.long)
    with torch.no_grad():
        controller.high_gate.bias.fill_(-1e4)
        model(model.initial_carry(2, CPU), tokens, ids)
    assert len(seen) == 4
    assert all((state == 0).all() for state in seen)


def test_at_the_start_of_training_the_answer_is_that_of_the_embedding_alone():
    model = model_of()
    tokens, ids = torch.randint(1, 6, (3, 16)), torch.zeros(3, dtype=torch.long)
    _, logits, _ = model(model.initial_carry(3, CPU), tokens, ids)
    embedded = model.embedding(tokens, model.embedding.puzzle_table[ids], torch.float32)
    torch.testing.assert_close(logits, model.head(embedded[:, model.embedding.puzzle_length :]))


def test_temperature_and_entropy_weight_fall_with_the_steps_and_end_at_their_ends(tmp_path):
    weight = "model.pointer.entropy_weight=0.5"
    t = trainer(weight, "train.steps=4")
    found = []
    for _ in range(4):
        t.advance()
        found.append((t.model.temperature.item(), t.model.entropy_weight.item()))
    assert found == [(2.0, 0.5), (1.75, 0.375), (1.5, 0.25), (1.25, 0.125)]
    held = trainer(weight, "model.pointer.entropy_annealed=false")
    for _ in range(3):
        held.advance()
    assert held.model.entropy_weight.item() == 0.5
    facts = {"kind": "model", **t.facts, "step": 4, "params": t.params.model_dump()}
    save_tensors(tmp_path / "model.safetensors", t.model_tensors(), facts)
    assert load_model(tmp_path / "model.safetensors", "raw", CPU, compile=False).model.temperature.item() == 1.0


def test_an_entropy_penalty_sharpens_the_routes():
    entropies = []
    for weight in ("0.0", "3.0"):
        steps = ("train.steps=40", "optimizer.learning_rate=3.0e-3", "model.pointer.entropy_annealed=false")
        t = trainer(f"model.pointer.entropy_weight={weight}", "model.pointer.residual=sum", *steps)
        for _ in range(40):
            t.advance()
        batch = t.carry.batch
        routes = t.model.routes(t.model.initial_carry(8, CPU), batch.inputs, batch.puzzle_ids)
        assert routes.shape == (4, 2, 8, 3)
        entropies.append(route_entropy(routes).mean().item())
    assert entropies[1] < 0.5 * entropies[0]


def test_hard_routes_choose_one_head_and_pass_the_soft_gradient():
    scores = torch.randn(5, 3, generator=torch.Generator().manual_seed(0), requires_grad=True)
    weights = torch.randn(5, 3, generator=torch.Generator().manual_seed(1))
    soft = scores.softmax(-1)
    hard = hard_routes(soft)
    torch.testing.assert_close(hard.detach().sort(-1).values, torch.tensor([[0.0, 0.0, 1.0]] * 5))
    assert torch.equal(hard.argmax(-1), scores.argmax(-1))
    (found,) = torch.autograd.grad((hard * weights).sum(), scores, retain_graph=True)
    (wished,) = torch.autograd.grad((soft * weights).sum(), scores)
    torch.testing.assert_close(found, wished)


@pytest.mark.parametrize(
    ("chances", "weights", "cost"),
    [
        ([0.995, 0.5, 0.5], [1.0, 0.0, 0.0], 2.0),  # halts at once: N = 1, remainder 1
        ([0.25, 0.875, 0.5], [0.25, 0.75, 0.0], 2.75),
        ([0.25, 0.25, 0.01], [0.25, 0.25, 0.5], 3.5),  # the last one in any case
    ],
)
def test_pondering_weighs_refinements_as_graves_does(chances, weights, cost):
    gathered = Pondering(torch.zeros(1, 1, 1), 0.99, 3)
    for refinement, chance in enumerate(chances):
        gathered.add(torch.full((1, 1, 1), 10.0**refinement), torch.logit(torch.full((1, 1), chance)))
    assert gathered.answer.item() == pytest.approx(weights[0] + 10 * weights[1] + 100 * weights[2], rel=1e-5)
    assert gathered.cost().item() == pytest.approx(cost, rel=1e-5)


def test_switches_add_the_weights_they_need_and_no_others():
    plain = {name for name, _ in model_of().named_parameters()}
    gated = {name for name, _ in model_of("model.pointer.high_gate=true").named_parameters()}
    added = {f"blocks.{i}.controller.high_gate.{part}" for i in (0, 1) for part in ("weight", "bias")}
    assert gated - plain == added
    ponder = {name for name, _ in model_of("model.pointer.ponder_cost=0.1").named_parameters()}
    assert ponder - plain == {"halting.weight", "halting.bias"}
    assert plain - {name for name, _ in model_of("model.pointer.residual=sum").named_parameters()} == {"residual_scale"}
    assert all(not names - other for names, other in ((plain, gated), (plain, ponder)))


@pytest.mark.parametrize(("scale", "cells"), [("smoke", 16), ("gpu", 144)])
def test_pointer_and_baseline_have_the_same_size_within_a_tenth(scale, cells):
    def size(variant):
        params = run_params(PARAMS, scale, "lattice_mazes", variant, []).model
        return count_parameters(build_model(params, "float32", 49, cells, 1, torch.Generator()))

    assert size("pointer") == pytest.approx(size("pointer_baseline"), rel=0.1)
    if scale == "gpu":  # the counts that the variants' files state
        assert (size("pointer"), size("pointer_baseline")) == (6_860_843, 7_191_554)


@pytest.mark.parametrize(
    ("variant", "override", "message"),
    [
        ("pointer", "model.pointer.fewer_heads=4", "fewer_heads 4 must be below the 4 heads"),
        ("hrm", "model.gradient.rule=last_refinement", "needs architecture pointer"),
        ("pointer", "model.pointer.routing=hard", "straight_through"),
    ],
)
def test_what_makes_no_sense_is_refused(variant, override, message):
    with pytest.raises(ParameterError, match=message):
        tiny_run(*SMALL, override, variant=variant)


KEPT = ("model.pointer.controller_reset=never", "model.gradient.rule=last_refinement", "model.pointer.residual=sum")


def test_controllers_that_are_never_reset_keep_their_states_through_the_next_example():
    reset, kept = (model_of(*KEPT, f"model.pointer.controller_reset={when}") for when in ("segment", "never"))
    tokens, ids = torch.randint(1, 6, (3, 16)), torch.zeros(3, dtype=torch.long)
    fresh = torch.ones(3, dtype=torch.bool)
    answers = {}
    for name, model in (("reset", reset), ("kept", kept)):
        carry = model.initial_carry(3, CPU)
        found = []
        for _ in range(2):
            carry, logits, _ = model(model.reset(carry, fresh), tokens, ids)
            found.append(logits)
        answers[name] = found
    assert torch.equal(answers["reset"][0], answers["reset"][1])
    assert torch.equal(answers["kept"][0], answers["reset"][0])  # at first nothing was kept
    assert not torch.allclose(answers["kept"][1], answers["kept"][0])
    assert not any(state.requires_grad for state in carry)


def test_kept_controllers_are_those_after_the_last_refinement():
    model = model_of(*KEPT, "model.pointer.refinements=3")
    seen = []
    model.blocks[1].controller.register_forward_hook(lambda _, __, given: seen.append(given[1]))
    carry = model.initial_carry(2, CPU)
    carry, _, _ = model(carry, torch.ones(2, 16, dtype=torch.long), torch.zeros(2, dtype=torch.long))
    assert carry.controllers.shape == (2, 2, 2 * seen[0].high.shape[-1])
    assert torch.equal(carry.controllers[:, 1], torch.cat(seen[-1], dim=-1))
    with torch.no_grad():
        assert (model.reset(carry, torch.ones(2, dtype=torch.bool)).high_state == 0).all()


def test_kept_controllers_are_saved_and_set_back():
    whole, part = (trainer(*KEPT) for _ in range(2))
    for _ in range(4):
        whole.advance()
    for _ in range(2):
        part.advance()
    resumed = trainer(*KEPT)
    resumed.restore({name: tensor.clone() for name, tensor in part.state().items()}, 2, "test")
    for _ in range(2):
        resumed.advance()
    assert torch.equal(resumed.flat.values, whole.flat.values)
    assert torch.equal(resumed.carry.states.controllers, whole.carry.states.controllers)


def test_without_a_residual_the_stack_alone_is_applied_again_and_again():
    model = model_of("model.pointer.residual=none", "model.pointer.inject_input=false", "model.pointer.refinements=2")
    tokens, ids = torch.randint(1, 6, (3, 16)), torch.zeros(3, dtype=torch.long)
    carry = model.initial_carry(3, CPU)
    seen = []
    model.blocks[0].register_forward_hook(lambda _, given, __: seen.append(given[0]))
    model.blocks[1].register_forward_hook(lambda _, __, result: seen.append(result[0]))
    _, logits, _ = model(carry, tokens, ids)
    assert torch.equal(seen[2], seen[1])  # what the second refinement is given is what the first one gave
    torch.testing.assert_close(logits, model.head(seen[3][:, model.embedding.puzzle_length :]))


@pytest.mark.parametrize(
    ("variant", "setting"),
    [
        ("pointer_gated", {"high_gate": True}),
        ("pointer_entropy", {"entropy_weight": 5e-4}),
        ("pointer_hard", {"routing": "straight_through"}),
        ("pointer_refinements_12", {"refinements": 12}),
        ("pointer_refinements_20", {"refinements": 20}),
        ("pointer_sparse", {}),
        ("pointer_curriculum", {}),
    ],
)
def test_each_switch_of_the_study_is_one_change_to_its_model(variant, setting):
    plain, switched = (run_params(PARAMS, "gpu", "lattice_mazes_open", name, []) for name in ("pointer", variant))
    pointer = plain.model.pointer.model_copy(update=setting)
    assert switched.model == plain.model.model_copy(update={"pointer": pointer})
    assert (switched.halting, switched.optimizer) == (plain.halting, plain.optimizer)
    others = {"pointer_sparse": {"supervise_every": 3}, "pointer_curriculum": {"curriculum": switched.train.curriculum}}
    assert switched.train == plain.train.model_copy(update=others.get(variant, {}))
    assert (switched != plain) and (variant != "pointer_curriculum" or switched.train.curriculum.start < 1)


def test_o1_trainings_differ_as_the_runs_of_the_study_do():
    first, kept, aligned, hard = (
        run_params(PARAMS, "gpu", "lattice_mazes_open", name, []).model
        for name in ("pointer_first_o1", "pointer_kept_router", "pointer_last_refinement", "pointer_hard_ponder")
    )

    def changed(model, **settings):
        return model.model_copy(update={"pointer": model.pointer.model_copy(update=settings)})

    assert kept == changed(aligned, controller_reset="never")
    assert first == changed(kept, residual="none", temperature_end=2.0)
    assert hard == changed(aligned, routing="straight_through", ponder_cost=0.01)


def test_a_segment_is_one_graph_without_a_break():
    """What torch.compile traces on a GPU; here it only traces."""
    costs = ("model.pointer.entropy_weight=0.1", "model.pointer.ponder_cost=0.1")
    switches = ("model.pointer.routing=straight_through", "model.pointer.refinements=2", "model.high_layers=1")
    switches += ("model.pointer.controller_reset=never",)
    t, plain = (trainer(*costs, *switches, "model.low_layers=0") for _ in range(2))
    t.segment = torch.compile(t._segment, backend="eager", fullgraph=True)
    for _ in range(3):
        t.advance()
        plain.advance()
    torch.testing.assert_close(t.flat.values, plain.flat.values)
