"""The pointer-over-heads model, its baseline and the recurrent network against plain float64 references."""

import plain_reference as plain
import pytest
import torch

from helpers import facts_of, tiny_dataset, tiny_run
from hrm.models.architecture import gradient_calls
from hrm.models.build import build_model
from hrm.models.pointer.network import route_entropy
from hrm.training.trainer import Trainer

SHAPE = (
    "model.positions=learned",
    "model.puzzle_embedding_size=0",
    "model.hidden_size=24",
    "model.heads=4",
    "model.high_layers=1",
    "model.low_layers=1",
    "model.pointer.refinements=5",
    "model.pointer.period=2",
    "model.low_cycles=3",
)
CPU = torch.device("cpu")
TOKENS = torch.randint(1, 6, (3, 16), generator=torch.Generator().manual_seed(4))


def shaken(*overrides, variant):
    """A model in float64 with no weight at a special value, and its weights as leaves of their own."""
    params = tiny_run(*SHAPE, *overrides, variant=variant).model
    model = build_model(params, "float32", 6, 16, 1, torch.Generator().manual_seed(1)).double()
    model.dtype = torch.float64
    noise = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.3 * torch.randn(weight.shape, generator=noise, dtype=torch.float64)
    weights = {name: weight.detach().clone().requires_grad_() for name, weight in model.named_parameters()}
    return model, params, weights


def assert_same_gradients(model, weights):
    for name, weight in model.named_parameters():
        found = torch.zeros_like(weight) if weight.grad is None else weight.grad
        wished = torch.zeros_like(weight) if weights[name].grad is None else weights[name].grad
        torch.testing.assert_close(found, wished, msg=lambda text, name=name: f"{name}: {text}")


@pytest.mark.parametrize(("variant", "reference"), [("pointer_baseline", plain.encoder), ("rnn", plain.rnn)])
def test_baseline_and_recurrent_network_equal_the_reference_with_their_gradients(variant, reference):
    model, params, weights = shaken(variant=variant)
    carry, ids = model.initial_carry(3, CPU), torch.zeros(3, dtype=torch.long)
    states = [torch.zeros(16, 24).double()] * 3
    for _ in range(2):
        carry, logits, _ = model(carry, TOKENS, ids)
        states = [reference(weights, params, TOKENS[i], states[i].detach()) for i in range(3)]
        wished = torch.stack(states) @ weights["head.weight"].T
        torch.testing.assert_close(logits, wished)
        torch.testing.assert_close(carry[0], torch.stack(states).detach())
    logits.square().sum().backward()
    wished.square().sum().backward()
    assert_same_gradients(model, weights)


def test_the_baseline_is_the_encoder_layer_of_pytorch():
    model, _, weights = shaken(variant="pointer_baseline")
    hidden = plain.embed(weights, TOKENS[0])[None]
    for i in range(2):
        layer = torch.nn.TransformerEncoderLayer(24, 4, 96, 0.0, batch_first=True, dtype=torch.float64)
        ours = ("attention.qkv", "attention.out", "feed_forward.up", "feed_forward.down", "first_norm", "second_norm")
        theirs = ("self_attn.in_proj_", "self_attn.out_proj.", "linear1.", "linear2.", "norm1.", "norm2.")
        names = {there + part: f"blocks.{i}.{here}.{part}" for here, there in zip(ours, theirs, strict=True)
                 for part in ("weight", "bias")}  # fmt: skip
        layer.load_state_dict({there: weights[here].detach() for there, here in names.items()})
        hidden = layer(hidden)
    _, logits, _ = model(model.initial_carry(1, CPU), TOKENS[:1], torch.zeros(1, dtype=torch.long))
    torch.testing.assert_close(logits, hidden @ weights["head.weight"].T)


PONDER = ("model.pointer.ponder_cost=0.3", "model.pointer.halting_threshold=0.8")
SWITCHES = [
    (),
    ("model.pointer.period=1",),
    ("model.pointer.inject_input=false",),
    ("model.pointer.residual=sum",),
    ("model.pointer.routed=output_slices",),
    ("model.pointer.high_gate=true",),
    ("model.pointer.routing=straight_through",),
    ("model.pointer.controller_gradient=detached",),
    ("model.pointer.temperature_end=0.5",),
    ("model.pointer.fewer_heads=0",),
    ("model.pointer.entropy_weight=0.7",),
    PONDER,
    (*PONDER, "model.pointer.entropy_weight=0.7"),
    ("model.gradient.rule=last_refinement",),
    ("model.gradient.rule=last_refinement", "model.pointer.residual=sum", "model.pointer.inject_input=false"),
    ("model.gradient.rule=last_refinement", "model.pointer.entropy_weight=0.7", *PONDER),
    ("model.gradient.rule=k_step", "model.gradient.steps=2"),
    ("model.gradient.rule=last_refinement", "model.pointer.refinements=1"),
]


@pytest.mark.parametrize("overrides", SWITCHES, ids=lambda x: ",".join(y.split(".")[-1] for y in x) or "plain")
def test_pointer_equals_the_reference_with_its_costs_and_gradients(overrides):
    model, params, weights = shaken(*overrides, variant="pointer")
    pointer = params.pointer
    count = pointer.refinements
    carry, ids = model.initial_carry(3, CPU), torch.zeros(3, dtype=torch.long)
    states = [torch.zeros(16, model.params.hidden_size).double()] * 3
    for _ in range(2):
        routes = model.routes(carry, TOKENS, ids)
        (carry, logits, _), cost = model.forward_with_cost(carry, TOKENS, ids)
        options = (pointer.temperature_end, model.params.heads, gradient_calls(params.gradient, count, 1))
        refined = [plain.pointer(weights, params, TOKENS[i], states[i].detach(), *options) for i in range(3)]
        states, wished_routes, ponder = zip(*refined, strict=True)
        wished = torch.stack(states) @ weights["head.weight"].T
        torch.testing.assert_close(logits, wished)
        stacked = torch.stack([torch.stack([torch.stack(block) for block in one]) for one in wished_routes], dim=2)
        torch.testing.assert_close(routes, stacked)
        entropy = -(stacked * stacked.log()).sum(-1)
        torch.testing.assert_close(route_entropy(routes), entropy)
        wished_cost = pointer.entropy_weight * entropy.mean()
        if pointer.ponder_cost:
            wished_cost = wished_cost + pointer.ponder_cost * torch.stack(ponder).mean()
        if pointer.ponder_cost or pointer.entropy_weight:
            torch.testing.assert_close(cost, wished_cost, check_dtype=False)
        else:
            assert cost is None
    (logits.square().sum() + (0.0 if cost is None else cost)).backward()
    (wished.square().sum() + wished_cost).backward()
    assert_same_gradients(model, weights)


ONE_STEP = (
    "halting.max_segments=1",
    "optimizer.name=adamw",
    "optimizer.epsilon=1.0e-2",
    "optimizer.warmup_steps=0",
    "optimizer.gradient_clip=0.0",
    "optimizer.learning_rate=1.0e-2",
    "model.dropout=0.0",
    "train.loss=softmax",
)


@pytest.mark.parametrize("variant", ["pointer", "pointer_last_refinement", "pointer_baseline", "rnn"])
def test_one_training_step_equals_that_of_the_reference(variant):
    dataset = tiny_dataset()
    params = tiny_run(*SHAPE, *ONE_STEP, "model.pointer.entropy_weight=0.2", variant=variant)
    trainer = Trainer(params, facts_of(dataset, 0, variant), dataset, CPU)
    before = trainer.flat.unflatten(trainer.flat.values)
    weights = {name: value.double().requires_grad_() for name, value in before.items()}
    trainer.advance()
    model, batch, loss = trainer.model, trainer.carry.batch, 0.0
    for tokens, labels in zip(batch.inputs, batch.labels, strict=True):
        zeros = torch.zeros(16, model.params.hidden_size).double()
        if params.model.architecture == "pointer":
            carrying = 1 if variant.endswith("refinement") else 5
            start = params.model.pointer.temperature_start
            hidden, routes, _ = plain.pointer(weights, params.model, tokens, zeros, start, model.params.heads, carrying)
            stacked = torch.stack([torch.stack(blocks) for blocks in routes])
            loss = loss - 0.2 * (stacked * stacked.log()).sum(-1).mean() / len(batch.inputs)
        else:
            hidden = (plain.encoder if variant == "pointer_baseline" else plain.rnn)(
                weights, params.model, tokens, zeros
            )
        logits = hidden @ weights["head.weight"].T
        loss = loss - logits.log_softmax(-1).gather(1, labels[:, None]).mean() / len(batch.inputs)
    loss.backward()
    assert trainer.take_sums()["loss"] == pytest.approx(loss.item(), rel=1e-5)
    o = params.optimizer
    for name, value in trainer.flat.unflatten(trainer.flat.values).items():
        gradient = torch.zeros_like(weights[name]) if weights[name].grad is None else weights[name].grad
        wished = plain.adamw(
            weights[name].detach(), gradient, o.learning_rate, o.beta1, o.beta2, o.weight_decay, o.epsilon
        )
        torch.testing.assert_close(value.double(), wished, atol=2e-6, rtol=1e-5)
