import csv
import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from evaluation_doubles import PARAMS, write_tiny_dataset, write_tiny_model
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from hrm.analysis.routing import attention_entropy, routing_rows
from hrm.cli import main
from hrm.core.schema import run_params
from hrm.core.seeds import torch_generator
from hrm.evaluation.segments import Examples
from hrm.models.build import build_model
from hrm.models.pointer.network import Pointer, route_entropy
from hrm.training.checkpoint import save_tensors

CELLS, TOKENS = 9, 6
TINY = ["model.hidden_size=24", "model.heads=4", "model.puzzle_embedding_size=0", "halting.max_segments=2"]


def numpy_entropy(weights: np.ndarray) -> np.ndarray:
    """Of the last dimension, in nats."""
    logs = np.log(weights, where=weights > 0, out=np.zeros_like(weights))
    return -(weights * logs).sum(axis=-1)


@pytest.fixture(scope="module")
def model() -> Pointer:
    params = run_params(PARAMS, "smoke", "lattice_mazes", "pointer", TINY)
    made = build_model(params.model, "float32", TOKENS, CELLS, 1, torch_generator(0, "test"))
    assert isinstance(made, Pointer)
    generator = torch.Generator().manual_seed(0)
    for weight in made.parameters():  # the first weights of routers and scales make every example alike
        weight.data = 0.5 * torch.randn(weight.shape, generator=generator)
    return made.eval()


@pytest.fixture(scope="module")
def examples() -> Examples:
    tokens = torch.randint(TOKENS, (5, CELLS), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
    return Examples(tokens, tokens, torch.zeros(5, dtype=torch.long))


@pytest.mark.parametrize("choices", [2, 5, 16])
def test_even_routes_have_the_entropy_log_heads_and_one_hot_routes_none(choices: int) -> None:
    assert route_entropy(torch.full((choices,), 1 / choices)).item() == pytest.approx(math.log(choices), rel=1e-6)
    assert route_entropy(torch.eye(choices)).tolist() == [0.0] * choices


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 4), st.integers(2, 7), st.sampled_from([2, 4]))
def test_attention_entropy_is_that_of_the_softmax(seed: int, heads: int, length: int, size: int) -> None:
    query, key = np.random.default_rng(seed).normal(size=(2, 3, heads, length, size)) * 2
    scores = np.einsum("bhqd,bhkd->bhqk", query, key) / np.sqrt(size)
    weights = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    found = attention_entropy(torch.from_numpy(query), torch.from_numpy(key))
    np.testing.assert_allclose(found.numpy(), numpy_entropy(weights).mean(axis=-1), atol=1e-5)


def test_attention_to_equal_keys_is_even() -> None:
    entropy = attention_entropy(torch.randn(1, 2, 4, 8), torch.ones(1, 2, 4, 8))
    assert entropy.flatten().tolist() == pytest.approx([math.log(4)] * 2, rel=1e-5)


def test_rows_hold_the_means_of_the_models_own_routes(model: Pointer, examples: Examples) -> None:
    rows = routing_rows(model, examples, 2, batch_size=2)
    carry = model.initial_carry(5, torch.device("cpu"))
    for segment in (1, 2):
        with torch.inference_mode():
            routes = model.routes(carry, examples.inputs.long(), examples.puzzle_ids).numpy()
            carry, _, _ = model(carry, examples.inputs.long(), examples.puzzle_ids)
        for refinement, blocks in enumerate(routes, 1):
            for block, weights in enumerate(blocks, 1):
                here = [
                    row
                    for row in rows
                    if (row["kind"], row["segment"], row["refinement"], row["block"])
                    == ("routing", segment, refinement, block)
                ]
                whole, *heads = here
                entropy = numpy_entropy(weights.astype(np.float64)).mean()
                assert whole["entropy"] == pytest.approx(entropy, abs=2e-6)
                assert whole["share"] == pytest.approx(entropy / math.log(weights.shape[-1]), abs=2e-6)
                assert [row["weight"] for row in heads] == pytest.approx(weights.mean(axis=0), abs=2e-6)


def test_the_number_of_examples_at_a_time_changes_nothing(model: Pointer, examples: Examples) -> None:
    whole, parts = (routing_rows(model, examples, 1, batch_size) for batch_size in (5, 2))
    for one, other in zip(whole, parts, strict=True):
        assert {**one, "entropy": 0, "share": 0, "weight": 0} == {**other, "entropy": 0, "share": 0, "weight": 0}
        for name in ("entropy", "weight"):
            assert one[name] == pytest.approx(other[name], abs=2e-6)


def test_watching_leaves_no_hook_behind_and_changes_no_answer(model: Pointer, examples: Examples) -> None:
    def answer() -> Tensor:
        with torch.inference_mode():
            carry = model.initial_carry(5, torch.device("cpu"))
            return model(carry, examples.inputs.long(), examples.puzzle_ids)[1]

    before = answer()
    routing_rows(model, examples, 1, 5)
    assert torch.equal(answer(), before)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())


def test_the_command_writes_a_table_and_its_record_and_refuses_other_models(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    info = write_tiny_dataset(tmp_path / "data", 6)
    params = run_params(PARAMS, "smoke", "lattice_mazes", "pointer", TINY)
    facts = {
        "task": info.task,
        "variant": "pointer",
        "scale": "smoke",
        "seed": 0,
        "step": 7,
        "data_sha256": info.sha256,
    }
    facts |= {"vocabulary_size": info.vocabulary_size, "grid_shape": info.grid_shape, "puzzle_ids": info.puzzle_ids}
    made = build_model(params.model, "float32", info.vocabulary_size, 16, 1, torch_generator(0, "test"))
    buffers = {name for name, _ in made.named_buffers()}
    state = made.state_dict()
    tensors = {
        f"{kind}.{name}": factor * state[name]
        for name in state
        if name not in buffers
        for kind, factor in (("ema", 1), ("raw", 3))
    }
    tensors |= {f"buffer.{name}": state[name] for name in state if name in buffers}
    save_tensors(tmp_path / "model.safetensors", tensors, {"kind": "model", **facts, "params": params.model_dump()})

    def analyse(model: str, out: str) -> int:
        known = ["--model", str(tmp_path / model), "--data", str(tmp_path / "data"), "--out", str(tmp_path / out)]
        return main(["analyse", "routing", *known, "--params", str(PARAMS), "--device", "cpu"])

    assert analyse("model.safetensors", "out") == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["ema", "raw"]
    means = {}
    for weights in ("raw", "ema"):
        folder = tmp_path / "out" / weights
        assert sorted(path.name for path in folder.iterdir()) == ["routing.csv", "routing.json"]
        record = json.loads((folder / "routing.json").read_text())
        assert (record["test_examples"], record["variant"], record["weights"]) == (6, "pointer", weights)
        rows = list(csv.DictReader((folder / "routing.csv").open()))
        shares = [float(row["share"]) for row in rows if row["kind"] == "routing" and row["share"]]
        assert record["mean_share"]["routing"] == pytest.approx(np.mean(shares), abs=1e-5)
        assert all(0 <= share <= 1 + 1e-6 for share in shares)
        means[weights] = record["mean_share"]["routing"]
    assert means["raw"] < means["ema"]  # three times the weights choose more sharply

    write_tiny_model(tmp_path / "hrm.safetensors", info)
    capsys.readouterr()
    assert analyse("hrm.safetensors", "none") == 2
    assert "model.architecture is hrm" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
