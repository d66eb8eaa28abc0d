"""The network, its optimizer and its losses against independent references."""

import math

import pytest
import torch
from reference import optimizer_step, segment
from torch import nn

from helpers import PARAMS, tiny_run
from hrm.core.schema import run_params
from hrm.models.build import build_model, count_parameters
from hrm.training.losses import stablemax_cross_entropy
from hrm.training.optimizers import FlatParameters, Optimizer, Rates, rates_at, schedule_factor, sign_sgd
from hrm.training.schedule import Schedule


def test_published_size_is_reached_exactly():
    params = run_params(PARAMS, "paper", "sudoku", "hrm", [])
    model = build_model(params.model, "float32", 11, 81, 1, torch.Generator())
    assert count_parameters(model) == 27_275_266


@pytest.mark.parametrize(
    "overrides",
    [
        (),
        ("model.high_cycles=3", "model.low_cycles=1"),
        ("model.low_layers=2", "model.low_cycles=4"),
        ("model.positions=learned",),
        ("model.puzzle_embedding_size=24",),
        ("model.architecture=single", "model.high_cycles=2", "model.low_cycles=3"),
        ("model.architecture=single", "model.low_layers=0", "model.low_cycles=1"),
        ("model.shared_modules=true", "model.low_layers=0", "model.high_layers=2", "model.low_cycles=3"),
        ("model.shared_modules=true", "model.low_layers=0", "model.mixing=mlp", "model.positions=none"),
        ("model.shared_modules=true", "model.low_layers=0", "model.mixing=mlp", "model.puzzle_positions=5"),
        ("model.low_layers=2", "model.mixing=mlp", "model.norm_scale=true"),
        ("model.puzzle_embedding_size=24", "model.puzzle_positions=3"),
        ("model.puzzle_embedding_size=0", "model.puzzle_positions=2"),
    ],
)
def test_segments_equal_the_plain_reference(overrides):
    params = tiny_run(*overrides).model
    model = build_model(params, "float32", 6, 16, 1, torch.Generator().manual_seed(1)).double()
    model.dtype = torch.float64
    with torch.no_grad():
        model.embedding.puzzle_table.normal_(generator=torch.Generator().manual_seed(2))
        model.q_head.weight.normal_(generator=torch.Generator().manual_seed(3))
    weights = model.state_dict()
    tokens = torch.randint(1, 6, (3, 16), generator=torch.Generator().manual_seed(4))
    carry = model.initial_carry(3, torch.device("cpu"))
    states = [[state[i] for state in carry] for i in range(3)]
    for _ in range(2):
        carry, logits, q = model(carry, tokens, torch.zeros(3, dtype=torch.long))
        for i in range(3):
            states[i], wished_logits, wished_q = segment(weights, params, tokens[i], *states[i])
            # rotary and norm are computed in float32 by design
            torch.testing.assert_close(logits[i], wished_logits, atol=2e-4, rtol=0)
            torch.testing.assert_close(q[i].double(), wished_q, atol=2e-4, rtol=0)
            for state, wished in zip(carry, states[i], strict=True):
                torch.testing.assert_close(state[i].double(), wished, atol=2e-4, rtol=0)


@pytest.mark.parametrize("mixing", ["attention", "mlp"])
def test_bootstrap_equals_the_q_values_of_the_next_segment(mixing):
    params = tiny_run("model.high_layers=2", f"model.mixing={mixing}").model
    model = build_model(params, "float32", 6, 16, 1, torch.Generator().manual_seed(1))
    with torch.no_grad():
        model.q_head.weight.normal_(generator=torch.Generator().manual_seed(3))
    tokens = torch.randint(1, 6, (3, 16), generator=torch.Generator().manual_seed(4))
    carry = model.initial_carry(3, torch.device("cpu"))
    ids = torch.zeros(3, dtype=torch.long)
    torch.testing.assert_close(model.bootstrap(carry, tokens, ids), model(carry, tokens, ids)[2])


SHARED = ("model.shared_modules=true", "model.low_layers=0")
RULES = [
    (("model.gradient.rule=one_step",), 2),
    (("model.gradient.rule=k_step", "model.gradient.steps=3"), 3),
    (("model.gradient.rule=k_step", "model.gradient.steps=99"), 8),
    (("model.gradient.rule=last_cycle",), 4),
    (("model.gradient.rule=full",), 8),
    ((*SHARED, "model.gradient.rule=last_cycle"), 4),
    (("model.architecture=single", "model.gradient.rule=one_step"), 1),
    (("model.architecture=single", "model.gradient.rule=k_step", "model.gradient.steps=2"), 2),
    (("model.architecture=single", "model.gradient.rule=full"), 6),
]


@pytest.mark.parametrize(("overrides", "carrying"), RULES)
def test_gradient_is_that_of_the_last_module_calls_alone(overrides, carrying):
    """Equation (4) and its kin: make all calls by hand, detach before the last ones, and compare every gradient."""
    params = tiny_run("model.high_cycles=2", "model.low_cycles=3", *overrides).model
    model = build_model(params, "float32", 6, 16, 1, torch.Generator().manual_seed(1))
    tokens = torch.randint(1, 6, (3, 16), generator=torch.Generator().manual_seed(4))
    ids = torch.zeros(3, dtype=torch.long)
    _, logits, _ = model(model.initial_carry(3, torch.device("cpu")), tokens, ids)
    logits.square().sum().backward()
    found = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()

    rotary = (model.cosine, model.sine) if params.positions == "rope" else None
    states = list(model.initial_carry(3, torch.device("cpu")))
    injected = model.embedding(tokens, model.embedding.puzzle_table[ids], torch.float32)
    single = params.architecture == "single"
    calls = ["single"] * 6 if single else ["low", "low", "low", "high"] * 2
    for number, call in enumerate(calls):
        if call == "single":
            states[0] = model.high_module(states[0], injected, None, rotary)
        elif call == "low":
            module = model.high_module if params.shared_modules else model.low_module
            states[1] = module(states[1], states[0], injected, rotary)
        else:
            states[0] = model.high_module(states[0], states[1], None, rotary)
        if number < len(calls) - carrying:
            states = [state.detach() for state in states]
    model.head(states[0][:, 1:]).square().sum().backward()
    assert found
    for name, gradient in found.items():
        torch.testing.assert_close(gradient, model.get_parameter(name).grad)


@pytest.mark.parametrize(
    ("variant", "millions"), [("trm", 5), ("trm_attention", 7), ("transformer", 27), ("single", 27)]
)
def test_variants_have_their_published_sizes(variant, millions):
    params = run_params(PARAMS, "paper", "sudoku", variant, [])
    model = build_model(params.model, "float32", 11, 81, 1, torch.Generator())
    assert round(count_parameters(model) / 1e6) == millions


def test_initial_weights_have_the_stated_deviation_and_cut():
    params = run_params(PARAMS, "paper", "sudoku", "hrm", []).model
    model = build_model(params, "float32", 11, 81, 1, torch.Generator().manual_seed(0))
    weight = model.low_module.layers[0].self_attn.qkv_proj.weight
    assert weight.std().item() == pytest.approx(512**-0.5, rel=0.01)
    assert weight.abs().max().item() <= 2 / 0.8796 * 512**-0.5 * 1.001
    assert model.high_init.std().item() == pytest.approx(1.0, rel=0.1)
    assert (model.q_head.weight == 0).all() and (model.q_head.bias == -5).all()


def rates(update, learning_rate, params):
    return Rates(*torch.tensor(rates_at(update, learning_rate, params)))


@pytest.mark.parametrize("name", ["adam_atan2", "adamw"])
def test_optimizers_equal_their_scalar_formula(name):
    params = tiny_run(f"optimizer.name={name}", "optimizer.weight_decay=0.3").optimizer
    module = nn.Linear(5, 3)
    start = module.weight.detach().clone()
    flat = FlatParameters(module)
    optimizer = Optimizer(flat, params)
    gradients = torch.randn(7, 3, 5, generator=torch.Generator().manual_seed(0))
    for step, gradient in enumerate(gradients, 1):
        module.weight.grad.copy_(gradient)
        optimizer.step(rates(step, 0.02, params))
    for i in range(3):
        for j in range(5):
            wished = optimizer_step(start[i, j].item(), gradients[:, i, j].tolist(), 0.02, params)
            assert module.weight[i, j].item() == pytest.approx(wished, abs=1e-6)


def test_ema_follows_the_weights():
    params = tiny_run("optimizer.ema_decay=0.5").optimizer
    module = nn.Linear(1, 1, bias=False)
    optimizer = Optimizer(FlatParameters(module), params)
    average = module.weight.item()
    for step in range(1, 30):
        module.weight.grad.fill_(1.0)
        optimizer.step(rates(step, 0.1, params))
        decay = min(0.5, step / (step + 10))
        average = decay * average + (1 - decay) * module.weight.item()
    assert optimizer.flat.unflatten(optimizer.average)["weight"].item() == pytest.approx(average, abs=1e-5)


def test_sign_sgd_sums_repeats_and_leaves_other_rows():
    table = torch.tensor([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0], [4.0, 4.0]])
    ids = torch.tensor([2, 0, 2, 2])
    gradients = torch.tensor([[1.0, -1.0], [0.5, 0.0], [-3.0, -1.0], [1.0, -1.0]])
    sign_sgd(table, ids, gradients, torch.tensor(0.95), torch.tensor(0.1))
    wished = [[0.95 - 0.1, 0.95], [2.0, 2.0], [2.85 + 0.1, 2.85 + 0.1], [4.0, 4.0]]
    torch.testing.assert_close(table, torch.tensor(wished))


def test_stablemax_equals_its_definition():
    logits = torch.tensor([[-3.0, 0.0, 2.5], [1.0, -0.5, -40.0]])
    mass = [[(1 - x) ** -1 if x < 0 else x + 1 for x in row] for row in logits.tolist()]
    for label in range(3):
        found = stablemax_cross_entropy(logits, torch.tensor([label, label]))
        wished = [-math.log(row[label] / sum(row)) for row in mass]
        assert found.tolist() == pytest.approx(wished)
        assert found.dtype == torch.float64  # as in the released code of HRM and of TRM


def released_factor(update, warmup, total, minimum):
    """Factor of the rate of the released code, whose step is raised to 1 before the first update."""
    if update < warmup:
        return update / warmup
    return minimum + (1 - minimum) * (1 + math.cos(math.pi * (update - warmup) / (total - warmup))) / 2


@pytest.mark.parametrize(("schedule", "minimum"), [("constant", 1.0), ("cosine", 0.1)])
def test_the_learning_rate_of_every_step_is_that_of_the_released_code(schedule, minimum):
    run = tiny_run(
        "optimizer.warmup_steps=10",
        f"optimizer.schedule={schedule}",
        f"optimizer.minimum_ratio={minimum}",
        "train.steps=100",
    )
    plan = Schedule(run, 0, torch.device("cpu"), slice(None))
    found = [plan.learning_rate(step) / run.optimizer.learning_rate for step in range(100)]
    assert found == pytest.approx([released_factor(update, 10, 100, minimum) for update in range(1, 101)])
    assert found[0] == pytest.approx(0.1) and found[9] == 1.0 and found[-1] == pytest.approx(minimum)
    assert schedule_factor(101, 100, run.optimizer) == pytest.approx(minimum)
