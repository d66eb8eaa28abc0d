"""Checkpoints of the published code: they come in whole, answer as they did, and say what is wrong with them."""

import json
import os
from pathlib import Path

import pytest
import torch
from evaluation_doubles import write_tiny_dataset

from helpers import PARAMS, TINY, tiny_run
from hrm.cli import main
from hrm.models.build import build_model
from hrm.report.run_paths import PLAYERS
from hrm.training.checkpoint import load_model

# What the published code calls the tensors of our model.
THEIRS = {
    "embedding.tokens": "embed_tokens.embedding_weight",
    "head.weight": "lm_head.weight",
    "embedding.puzzle_table": "puzzle_emb.weights",
    "high_init": "H_init",
    "low_init": "L_init",
}


def published(prefix: str) -> tuple[dict[str, torch.Tensor], torch.nn.Module]:
    """A state dict under published names, and the model that it is of."""
    model = build_model(tiny_run().model, "float32", 6, 16, 3, torch.Generator().manual_seed(5))
    with torch.no_grad():
        model.q_head.weight.normal_(generator=torch.Generator().manual_seed(6))
        model.embedding.puzzle_table.normal_(generator=torch.Generator().manual_seed(7))
    state = {}
    for name, tensor in model.state_dict().items():
        theirs = THEIRS.get(name, name).replace("high_module.", "H_level.").replace("low_module.", "L_level.")
        state[prefix + theirs] = tensor
    return state, model


def bring_in(path: Path, out: Path) -> int:
    settings = [word for text in TINY for word in ("--set", text)]
    sizes = ["--params", str(PARAMS), "--scale", "smoke", "--task", "sudoku"]
    return main(["import-checkpoint", "--file", str(path), *sizes, *settings, "--out", str(out)])


@pytest.mark.parametrize("prefix", ["_orig_mod.model.inner.", "model.inner."])
def test_an_imported_checkpoint_answers_as_the_model_that_it_is_of(tmp_path: Path, prefix: str) -> None:
    state, model = published(prefix)
    torch.save(state, tmp_path / "step_1")
    assert bring_in(tmp_path / "step_1", tmp_path / "model.safetensors") == 0
    tokens = torch.randint(1, 6, (3, 16), generator=torch.Generator().manual_seed(4))
    ids = torch.tensor([0, 2, 1])
    for weights in ("raw", "ema"):
        loaded = load_model(tmp_path / "model.safetensors", weights, torch.device("cpu"), compile=False).model
        ours = loaded(loaded.initial_carry(3, torch.device("cpu")), tokens, ids)
        theirs = model(model.initial_carry(3, torch.device("cpu")), tokens, ids)
        torch.testing.assert_close(ours[1:], theirs[1:])


def test_an_imported_checkpoint_is_evaluated(tmp_path: Path) -> None:
    torch.save(published("model.inner.")[0], tmp_path / "step_1")
    assert bring_in(tmp_path / "step_1", tmp_path / "model.safetensors") == 0
    write_tiny_dataset(tmp_path / "data", 4)
    command = ["evaluate", "--model", str(tmp_path / "model.safetensors"), "--data", str(tmp_path / "data")]
    assert main([*command, "--params", str(PARAMS), "--out", str(tmp_path / "out")]) == 0
    read = {path.relative_to(tmp_path / "out").as_posix(): path.read_bytes() for path in tmp_path.glob("out/*/*")}
    assert {name for name in read if name.endswith("/metrics.json")} == {f"{name}/metrics.json" for name in PLAYERS}
    # There is one set of weights, which stands for both.
    for name in ("metrics.json", "segments.csv", "difficulty.csv", "predictions.npz"):
        assert read[f"raw/{name}"] == read[f"ema/{name}"]
    for weights in ("raw", "ema"):
        for name in ("steps.json", "evaluation.json"):
            assert json.loads(read[f"{weights}/{name}"])["weights"] == weights


class Evil:
    """What a pickle can do to whoever loads it."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("broken-in",)


def test_broken_checkpoints_are_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    state = published("")[0]
    spoiled = {
        "is not a checkpoint of tensors alone": {"H_init": Evil()},
        "must hold a dictionary of tensors": [1, 2],
        "lacks embed_tokens.embedding_weight": {"H_init": torch.zeros(16)},
        "lacks lm_head.weight": {name: tensor for name, tensor in state.items() if name != "lm_head.weight"},
        "no tensor of the published HRM": state | {"rotary.cache": torch.zeros(2)},
        "H_init has shape (17,); the parameters ask for (16,)": state | {"H_init": torch.zeros(17)},
        "no place for": state | {"H_level.layers.9.mlp.down_proj.weight": torch.zeros(2)},
    }
    for message, content in spoiled.items():
        torch.save(content, tmp_path / "step_1")
        assert bring_in(tmp_path / "step_1", tmp_path / "model.safetensors") == 2
        said = capsys.readouterr().err
        assert message in said and said.count("\n") == 1
        assert not (tmp_path / "model.safetensors").exists()
    assert not (tmp_path / "broken-in").exists()
    (tmp_path / "step_1").write_bytes(b"PK" + bytes(50))
    assert bring_in(tmp_path / "step_1", tmp_path / "model.safetensors") == 2
    assert bring_in(tmp_path / "nothing", tmp_path / "model.safetensors") == 2
    assert "there is no such file" in capsys.readouterr().err
