"""Each switch changes what it says and nothing else."""

import pytest
import torch

from helpers import PARAMS, facts_of, tiny_dataset, tiny_run
from hrm.core.errors import ParameterError
from hrm.core.schema import run_params
from hrm.data.batches import Curriculum, TrainBatches
from hrm.models import fp8
from hrm.models.build import build_model, count_parameters
from hrm.models.fp8 import to_fp8, weights_to_fp8
from hrm.models.halting import HaltingDraws, decide_halt, draw_halting, ponder_loss, wants_halt
from hrm.models.layers import drop
from hrm.training.losses import LOSSES
from hrm.training.trainer import Trainer

CPU = torch.device("cpu")
TOKENS = torch.randint(1, 6, (3, 16), generator=torch.Generator().manual_seed(4))
IDS = torch.zeros(3, dtype=torch.long)


def model_of(*overrides):
    return build_model(tiny_run(*overrides).model, "float32", 6, 16, 1, torch.Generator().manual_seed(1))


def answer(model):
    return model(model.initial_carry(3, CPU), TOKENS, IDS)[1]


def trainer(*overrides, dataset=None):
    dataset = dataset or tiny_dataset()
    return Trainer(tiny_run(*overrides), facts_of(dataset), dataset, CPU)


@pytest.mark.parametrize("switch", ["model.dropout=0.5", "model.state_noise=0.5"])
def test_dropout_and_noise_change_training_alone(switch):
    plain, random = model_of(), model_of(switch)
    assert all(torch.equal(a, b) for a, b in zip(plain.parameters(), random.parameters(), strict=True))
    assert not torch.allclose(answer(plain), answer(random))
    torch.testing.assert_close(answer(plain.eval()), answer(random.eval()))


def test_dropped_values_are_a_share_and_the_mean_stays():
    dropped = drop(torch.ones(100_000), 0.25, training=True)
    assert (dropped == 0).float().mean().item() == pytest.approx(0.25, abs=0.01)
    assert dropped.mean().item() == pytest.approx(1.0, abs=0.01)


def test_noise_has_the_stated_deviation():
    module = model_of("model.state_noise=0.2").high_module
    noise = module._disturb(torch.zeros(100, 100, 16))
    assert noise.std().item() == pytest.approx(0.2, rel=0.02)


def test_sparse_states_keep_their_largest_entries():
    module = model_of("model.state_sparsity=0.75").high_module
    values = torch.randn(5, 7, 16, generator=torch.Generator().manual_seed(0))
    sparse = module._disturb(values)
    assert ((sparse != 0).sum(dim=-1) == 4).all()
    assert torch.equal(sparse[sparse != 0], values[sparse != 0])
    assert (sparse.abs().amax(-1) == values.abs().amax(-1)).all()


def test_learned_states_are_parameters_with_the_same_first_values():
    fixed, learned = model_of(), model_of("model.initial_states=learned")
    torch.testing.assert_close(answer(fixed), answer(learned))
    extra = set(dict(learned.named_parameters())) - set(dict(fixed.named_parameters()))
    assert extra == {"high_init", "low_init"}


def test_learned_states_learn_where_the_gradient_reaches_the_start():
    for rule, moved in (("one_step", False), ("full", True)):
        t = trainer("model.initial_states=learned", f"model.gradient.rule={rule}", "optimizer.weight_decay=0.0")
        before = t.model.high_init.detach().clone()
        for _ in range(4):
            t.advance()
        assert (not torch.equal(before, t.model.high_init)) == moved


def test_uniform_weights_lie_in_the_range_of_pytorchs_own_layers():
    weight = model_of("model.initialisation=uniform", "model.hidden_size=64").head.weight
    assert weight.abs().max().item() <= 1 / 8
    assert weight.std().item() == pytest.approx(1 / 8 / 3**0.5, rel=0.1)


def test_a_gated_update_is_nearly_plain_when_the_gate_is_open_and_none_when_shut():
    plain, gated = model_of(), model_of("model.high_update=gated")
    gated.load_state_dict(plain.state_dict(), strict=False)
    with torch.no_grad():
        gated.high_gate.bias.fill_(50.0)
    torch.testing.assert_close(answer(plain), answer(gated))
    with torch.no_grad():
        gated.high_gate.bias.fill_(-50.0)
    carry, _, _ = gated(gated.initial_carry(3, CPU), TOKENS, IDS)
    torch.testing.assert_close(carry.high_state, gated.initial_carry(3, CPU).high_state)


def test_a_width_ratio_matches_sizes_as_the_board_study_did():
    two, one = (
        run_params(PARAMS, "gpu", "boards", variant, []).model for variant in ("board_hl_2x2_s2", "board_bptt_4_s2")
    )
    assert (two.hidden_size, one.hidden_size, one.width_ratio) == (256, 360, 1.0)
    sizes = [count_parameters(build_model(p, "float32", 6, 400, 1, torch.Generator())) / 1e6 for p in (two, one)]
    assert sizes == pytest.approx([6.29, 6.23], abs=0.05)


def test_smoothing_mixes_the_loss_with_that_of_all_tokens():
    logits, labels = torch.randn(4, 7, 6), torch.randint(0, 6, (4, 7))
    for loss in LOSSES.values():
        plain = loss(logits, labels)
        spread = torch.stack([loss(logits, torch.full_like(labels, token)) for token in range(6)]).mean(dim=0)
        torch.testing.assert_close(loss(logits, labels, 0.3), 0.7 * plain + 0.3 * spread)


def test_clipping_leaves_small_gradients_alone():
    free, clipped = trainer("optimizer.name=adamw"), trainer("optimizer.name=adamw", "optimizer.gradient_clip=1.0e+6")
    for t in (free, clipped):
        for _ in range(3):
            t.advance()
    torch.testing.assert_close(free.flat.values, clipped.flat.values)


def test_a_curriculum_draws_the_easiest_first_and_all_in_the_end():
    dataset = tiny_dataset()
    dataset.train.rating[:] = torch.arange(12).flip(0).numpy()
    batches = TrainBatches(dataset, 12, 0, CPU, Curriculum(start=0.25, until=48))
    for share in (3, 5, 8, 10, 12, 12):  # of 12 examples, one epoch a batch
        rows = batches.next().rows
        assert len(rows) == 12
        assert set(dataset.train.rating[rows.numpy()].tolist()) == set(range(share))


def test_without_a_curriculum_the_order_is_as_ever():
    plain, other = (TrainBatches(tiny_dataset(), 5, 0, CPU, c) for c in (Curriculum(1.0, 0.0), Curriculum(1.0, 99.0)))
    assert all(torch.equal(plain.next().rows, other.next().rows) for _ in range(9))


def test_fixed_halting_gives_every_example_all_segments_and_every_batch_its_turn():
    t = trainer("halting.rule=fixed", "halting.max_segments=3", "train.batches=4")
    assert t.params.train.steps == 12
    seen = []
    for step in range(12):
        t.advance()
        assert t.carry.steps.tolist() == [step % 3 + 1] * 8
        if step % 3 == 0:
            seen.append(t.carry.batch.inputs)
        assert torch.equal(t.carry.batch.inputs, seen[-1])
    order = TrainBatches(tiny_dataset(), 8, 0, CPU)
    assert all(torch.equal(order.make(order.next()).inputs, batch) for batch in seen)


def test_batches_need_fixed_halting():
    with pytest.raises(ParameterError, match=r"train.batches must be 0 unless halting.rule is fixed"):
        tiny_run("train.batches=4")


PONDER = tiny_run("halting.rule=ponder", "halting.max_segments=4", "halting.ponder_cost=0.1").halting


def test_ponder_halts_by_chance_in_training_and_by_the_likelier_in_evaluation():
    q = torch.tensor([[0.0, 9.0]]).expand(10_000, 2)
    draws = draw_halting(PONDER, (10_000,), torch.Generator().manual_seed(0))
    draws = HaltingDraws(torch.zeros_like(draws.minimum), draws.uniform)
    halted = decide_halt(q, torch.ones(10_000, dtype=torch.int32), draws, PONDER)
    assert halted.float().mean().item() == pytest.approx(0.5, abs=0.02)
    assert wants_halt(torch.tensor([[0.1, 5.0], [-0.1, -5.0]]), PONDER).tolist() == [True, False]


def test_ponder_learns_to_halt_when_another_segment_costs_more_than_it_wins():
    q = torch.zeros(3, 2, requires_grad=True)
    now, later = torch.tensor([0.5, 0.5, 0.5]), torch.tensor([0.3, 0.45, 0.3])
    ponder_loss(q, now, later, torch.tensor([1, 1, 4]), PONDER).sum().backward()
    gain, waste, last = q.grad[:, 0].tolist()
    assert gain > 0 > waste and last == 0.0  # a positive gradient lowers the chance of halting
    assert (q.grad[:, 1] == 0).all()


@pytest.mark.parametrize("rule", ["q_learning", "halting_loss", "ponder", "fixed"])
def test_the_carry_equals_a_slow_simulation_of_each_example(rule):
    """Slots that hold one example each, told only the Q values: who halts, who is fresh, after how many segments."""
    t = trainer(f"halting.rule={rule}", "halting.max_segments=4", "halting.exploration=0.4")
    with torch.no_grad():  # lively Q values
        t.model.q_head.weight.normal_(generator=torch.Generator().manual_seed(5))
        t.model.q_head.bias.zero_()
    slots = [None] * 8
    seen_q = []
    plain = t._segment
    t.segment = lambda *a: (out := plain(*a), seen_q.append(out[2].detach()))[0]
    for step in range(12):
        _, draws = t.schedule.at(step)
        t.advance()
        fresh = t.batches.make(t.draws)
        for i, (slot, q) in enumerate(zip(list(slots), seen_q[-1].tolist(), strict=True)):
            if slot is None:
                slot = {"steps": 0, "inputs": fresh.inputs[i]}
            slot["steps"] += 1
            assert torch.equal(t.carry.batch.inputs[i], slot["inputs"])
            assert t.carry.steps[i].item() == slot["steps"]
            wants = {
                "q_learning": q[0] > q[1],
                "halting_loss": q[0] > 0,
                "ponder": draws.uniform[i].item() < torch.tensor(q[0]).sigmoid().item(),
                "fixed": False,
            }[rule]
            halts = slot["steps"] >= 4 or (wants and slot["steps"] >= draws.minimum[i].item())
            assert bool(t.carry.halted[i]) == halts
            slots[i] = None if halts else slot


def test_fp8_change_only_calls_without_a_gradient():
    layer = model_of("model.hidden_size=32", "model.puzzle_embedding_size=32", "model.mlp_multiple=16").high_module
    proj = layer.layers[0].self_attn.o_proj
    values = torch.randn(64, 32, generator=torch.Generator().manual_seed(0))
    plain = proj(values)
    fp8.attach(layer, {"layers.0.self_attn.o_proj.weight": weights_to_fp8(proj.weight)}, CPU)
    assert torch.equal(proj(values), plain)
    with torch.no_grad():
        rough = proj(values)
    error = (rough - plain).norm() / plain.norm()
    assert 0.005 < error < 0.05  # three bits of mantissa
    assert "layers.0.self_attn.o_proj.weight_fp8" not in layer.state_dict()


def test_fp8_saturate_instead_of_becoming_no_number():
    assert to_fp8(torch.tensor([1e6, -1e6, 0.3])).float().tolist() == [448.0, -448.0, 0.3125]


def test_training_in_fp8_stays_close_and_its_copies_follow_the_weights():
    sizes = ("model.hidden_size=32", "model.puzzle_embedding_size=32", "model.mlp_multiple=16")
    plain, rough = trainer(*sizes), trainer(*sizes, "train.no_grad_matmul=fp8")
    assert plain.model.high_module.layers[0].mlp.down_proj.weight_fp8 is None
    for _ in range(12):
        plain.advance()
        rough.advance()
    assert rough.take_sums()["loss"] == pytest.approx(plain.take_sums()["loss"], rel=0.02)
    assert not torch.equal(plain.flat.values, rough.flat.values)
    down = rough.model.high_module.layers[0].mlp.down_proj
    assert torch.equal(down.weight_fp8.float(), weights_to_fp8(down.weight.detach()).float())
    assert plain.model_tensors().keys() == rough.model_tensors().keys()
