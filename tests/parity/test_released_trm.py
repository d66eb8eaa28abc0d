"""Our TRM against an independent one on tensors of published names and shapes, by way of `hrm import-checkpoint`."""

import math

import pytest
import torch
from released_trm import BUFFERS, FRONT, Sizes, fixed_tensors, segment, shapes, training_loss

from helpers import PARAMS
from hrm.core.data_params import data_params
from hrm.core.errors import CheckpointError
from hrm.core.schema import run_params
from hrm.interop.import_checkpoint import import_checkpoint
from hrm.models.build import build_model, count_parameters
from hrm.models.halting import halting_loss, wants_halt
from hrm.training.checkpoint import load_model
from hrm.training.losses import answer_accuracy, answer_loss

CYCLES = (3, 2)
FACTS = {"task": "sudoku", "variant": "trm", "scale": "smoke", "seed": 0}
TINY_SIZES = {"hidden": 16, "heads": 2, "cells": 16, "vocabulary": 6, "puzzles": 3, "layers": 2, "multiple": 8}


def published_run(variant):
    """As the variant says at scale paper, but for sizes."""
    sizes = ["model.hidden_size=16", "model.heads=2", "model.mlp_multiple=8", "model.puzzle_embedding_size=16"]
    cycles = [f"model.high_cycles={CYCLES[0]}", f"model.low_cycles={CYCLES[1]}", "train.dtype=float32"]
    return run_params(PARAMS, "paper", "sudoku", variant, sizes + cycles)


def imported(tmp_path, variant, sizes, tensors=None):
    """The model that comes of a checkpoint, in float64."""
    tensors = fixed_tensors(sizes) if tensors is None else tensors
    torch.save({f"_orig_mod.model.inner.{name}": tensor for name, tensor in tensors.items()}, tmp_path / "step_1")
    run, out = published_run(variant), tmp_path / "model.safetensors"
    assert import_checkpoint(tmp_path / "step_1", run, data_params(PARAMS, "smoke", "sudoku", []), FACTS, out) == 3
    model = load_model(out, "ema", torch.device("cpu"), compile=False).model.double().requires_grad_(True)
    model.dtype = torch.float64
    size = 16 // run.model.heads  # the table of angles is float32, whose rounding every recursion would multiply
    angles = torch.outer(torch.arange(FRONT + 16), run.model.rope_base ** -(torch.arange(0, size, 2).double() / size))
    model.cosine, model.sine = angles.repeat(1, 2).cos(), angles.repeat(1, 2).sin()
    return run, model


def our_names(name):
    for theirs, ours in (("L_level", "high_module"), ("mlp_t", "self_attn.mlp"), ("lm_head", "head")):
        name = name.replace(theirs, ours)
    return name.replace("embed_tokens.embedding_weight", "embedding.tokens")


@pytest.mark.parametrize(("variant", "mixer"), [("trm", True), ("trm_attention", False)])
def test_states_answers_loss_and_gradients_are_those_of_the_released_model(tmp_path, variant, mixer):
    sizes = Sizes(**TINY_SIZES, mixer=mixer)
    tensors = {name: tensor.float().double() for name, tensor in fixed_tensors(sizes).items()}
    run, model = imported(tmp_path, variant, sizes, tensors)
    for name, tensor in tensors.items():
        tensor.requires_grad_(name not in BUFFERS)
    tokens = torch.arange(3 * 16).view(3, 16) % 5 + 1
    labels = (torch.arange(3 * 16).view(3, 16) * 7 % 5 + 1) * (tokens != 3)
    ids = torch.tensor([0, 2, 1])
    carry = model.initial_carry(3, torch.device("cpu"))
    shape = (3, FRONT + 16, 16)
    y, z = (tensors[name].expand(shape) for name in ("H_init", "L_init"))
    for number in range(2):
        answer = segment(tensors, sizes, CYCLES, tokens, ids, y, z)
        y, z = answer.y.detach(), answer.z.detach()
        carry, logits, q = model(carry, tokens, ids)
        for found, wished in zip((*carry, logits, q[:, 0]), (y, z, answer.logits, answer.halt), strict=True):
            torch.testing.assert_close(found.double(), wished, atol=1e-6, rtol=0)  # the values of q are float32
        assert torch.equal(wants_halt(q, run.halting), answer.halt > 0)
        wished = training_loss(answer, labels)
        cells = answer_loss(logits, labels, run.train)
        steps = torch.full((3,), number + 1)
        halting = halting_loss(q, cells, answer_accuracy(logits, labels)[1], steps, None, run.halting)
        found = (cells + run.halting.loss_weight * halting).mean()
        assert found.item() == pytest.approx(wished.item(), abs=1e-6)
    wished.backward()
    found.backward()
    assert not run.halting.further_pass
    for name, tensor in tensors.items():
        if name in BUFFERS:
            continue
        gradient = model.get_parameter(our_names(name)).grad
        scale = tensor.grad.abs().max().item()
        torch.testing.assert_close(gradient, tensor.grad, atol=1e-4 * scale + 1e-9, rtol=0, msg=name)


def test_the_first_position_alone_holds_the_puzzle_and_the_mixer_has_no_positions(tmp_path):
    run, model = imported(tmp_path, "trm", Sizes(**TINY_SIZES, mixer=True))
    rows = model.embedding.puzzle_table[:1]
    front = model.embedding(torch.ones(1, 16, dtype=torch.long), rows, torch.float64)[0, :FRONT]
    torch.testing.assert_close(front[0], math.sqrt(16) * rows[0])
    assert (front[1:] == 0).all()
    assert run.model.positions == "none" and model.embedding.positions is None


def test_broken_checkpoints_are_called_by_published_names(tmp_path):
    sizes = Sizes(**TINY_SIZES, mixer=True)
    name = "L_level.layers.1.mlp_t.down_proj.weight"
    without = {key: tensor for key, tensor in fixed_tensors(sizes).items() if key != name}
    for message, tensors in (
        (f"lacks {name}", without),
        (rf"{name} has shape \(33, 88\)", without | {name: torch.zeros(33, 88)}),
        ("no tensor of the published TRM", without | {"H_level.layers.0.mlp.down_proj.weight": torch.zeros(2)}),
    ):
        with pytest.raises(CheckpointError, match=message):
            imported(tmp_path, "trm", sizes, tensors)


# Parameters as the released code counts them: puzzle embeddings and first states are buffers. The TRM paper says 5M and
# 7M, with the mixer on mazes 19M, with separate networks and with four layers 10M. Vocabularies: 11, 6, 12.
COUNTS = [
    ("hrm", "sudoku", 27_275_266),
    ("hrm", "maze_hard", 27_270_146),
    ("hrm", "arc_agi_1", 27_276_290),
    ("trm", "sudoku", 5_028_866),
    ("trm", "maze_hard", 18_795_522),
    ("trm_attention", "sudoku", 6_828_034),
    ("trm_attention", "maze_hard", 6_822_914),
    ("trm_attention", "arc_agi_1", 6_829_058),
    ("trm_attention", "arc_agi_2", 6_829_058),
    ("trm_q_learning", "sudoku", 5_028_866),
    ("trm_two_recursions", "sudoku", 5_028_866),
    ("trm_one_step", "sudoku", 5_028_866),
    ("trm_separate", "sudoku", 10_045_442),
    ("trm_four_layers", "sudoku", 10_045_442),
]
GRIDS = {"sudoku": (81, 11), "maze_hard": (900, 6), "arc_agi_1": (900, 12), "arc_agi_2": (900, 12)}


@pytest.mark.parametrize(("variant", "task", "count"), COUNTS)
def test_published_models_have_the_published_number_of_parameters(variant, task, count):
    cells, vocabulary = GRIDS[task]
    run = run_params(PARAMS, "paper", task, variant, [])
    with torch.device("meta"):
        model = build_model(run.model, "float32", vocabulary, cells, 1, torch.Generator())
    assert count_parameters(model) == count


@pytest.mark.parametrize(("variant", "task", "mixer"), [("trm", "sudoku", True), ("trm_attention", "arc_agi_1", False)])
def test_every_tensor_has_its_published_shape(variant, task, mixer):
    cells, vocabulary = GRIDS[task]
    sizes = Sizes(512, 8, cells, vocabulary, 1, 2, 256, mixer)
    run = run_params(PARAMS, "paper", task, variant, [])
    model = build_model(run.model, "float32", vocabulary, cells, 1, torch.Generator())
    buffers = {"puzzle_emb.weights": "embedding.puzzle_table", "H_init": "high_init", "L_init": "low_init"}
    wished = {buffers.get(name, our_names(name)): shape for name, shape in shapes(sizes).items()}
    assert {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()} == wished
    if mixer:
        assert wished["high_module.layers.0.self_attn.mlp.gate_up_proj.weight"] == (1024, 97)


def test_the_ablations_differ_from_trm_by_the_published_change_alone():
    changes = {
        "trm_q_learning": {"halting.rule"},
        "trm_separate": {"model.shared_modules", "model.low_layers"},
        "trm_four_layers": {"model.high_layers", "model.low_cycles"},
        "trm_attention": {"model.mixing", "model.positions"},
        "trm_two_recursions": {"model.high_cycles", "model.low_cycles"},
        "trm_one_step": {"model.gradient.rule"},
    }
    for scale in ("smoke", "gpu", "paper"):
        plain = _flat(run_params(PARAMS, scale, "sudoku", "trm", []).model_dump())
        for variant, wished in changes.items():
            other = _flat(run_params(PARAMS, scale, "sudoku", variant, []).model_dump())
            assert {key for key in plain if plain[key] != other[key]} == wished, (scale, variant)


def _flat(nested, at=""):
    found = {}
    for key, value in nested.items():
        found |= _flat(value, f"{at}{key}.") if isinstance(value, dict) else {f"{at}{key}": value}
    return found
