"""A checkpoint of the published code of HRM or TRM as a model file of ours."""

import pickle
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hrm.core.data_schema.base import DataParams
from hrm.core.errors import CheckpointError
from hrm.core.files import sha256_file
from hrm.core.schema import RunParams
from hrm.training.checkpoint import model_facts, model_from_facts, save_tensors

PREFIXES = ("_orig_mod.", "model.inner.", "model.", "inner.")
# Published name -> ours; the blocks of both modules are called alike in both, but for the mixer of TRM.
NAMES = {
    "embed_tokens.embedding_weight": "embedding.tokens",
    "embed_pos.embedding_weight": "embedding.positions",
    "lm_head.weight": "head.weight",
    "q_head.weight": "q_head.weight",
    "q_head.bias": "q_head.bias",
    "puzzle_emb.weights": "embedding.puzzle_table",
    "H_init": "high_init",
    "L_init": "low_init",
}
HRM = {"H_level.layers.": "high_module.layers.", "L_level.layers.": "low_module.layers."}
TRM = {"L_level.layers.": "high_module.layers."}  # the one network in both roles
THEIR_MIXER, OUR_MIXER = ".mlp_t.", ".self_attn.mlp."


def import_checkpoint(path: Path, params: RunParams, data: DataParams, facts: dict[str, Any], out: Path) -> int:
    """Write `out` (model.safetensors) with the weights of a published checkpoint; returns the puzzle ids it knows.

    Args:
        path: a state dict that `torch.save` wrote; it is read without running what a pickle may hold.
        params: of the variant, hrm or one of TRM; its shape must be that of the checkpoint.
        data: of the task; it tells the grid.
        facts: task, variant, scale and seed, as they stand in a model file.
        out: the model file. Raw and averaged weights are the same: the published HRM keeps no average, and checkpoints
            of TRM hold the averaged weights alone.

    Raises CheckpointError when the file is broken, lacks a tensor, or is of another shape.
    """
    modules = TRM if params.model.shared_modules else HRM
    tensors = {_our_name(name, modules, path): tensor for name, tensor in _load(path).items()}
    for name in ("embedding.tokens", "embedding.puzzle_table"):
        if name not in tensors:
            raise CheckpointError(
                f"{path}: lacks {_published(name, modules)}; it is no checkpoint of the published code"
            )
    vocabulary_size, ids = len(tensors["embedding.tokens"]), len(tensors["embedding.puzzle_table"])
    known = facts | {"grid_shape": data.grid_shape, "vocabulary_size": vocabulary_size, "puzzle_ids": ids, "step": 0}
    model = model_from_facts(params, known)
    wanted = model.state_dict()
    for name, tensor in wanted.items():
        if name not in tensors:
            raise CheckpointError(f"{path}: lacks {_published(name, modules)}")
        if tensors[name].shape != tensor.shape:
            found, ours = tuple(tensors[name].shape), tuple(tensor.shape)
            theirs = _published(name, modules)
            raise CheckpointError(f"{path}: {theirs} has shape {found}; the parameters ask for {ours}")
    more = sorted(tensors.keys() - wanted.keys())
    if more:
        raise CheckpointError(f"{path}: holds {_published(more[0], modules)}, which the parameters have no place for")
    parameters = dict(model.named_parameters())
    kept: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        for prefix in ("raw", "ema") if name in parameters else ("buffer",):
            kept[f"{prefix}.{name}"] = tensor.float().clone()
    source = {"imported_from": path.name, "imported_sha256": sha256_file(path), "data_sha256": {}}
    save_tensors(out, kept, model_facts(params, known | source))
    return ids


def _load(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise CheckpointError(f"{path}: there is no such file")
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
        reason = " ".join(str(error).split())[:200]
        raise CheckpointError(f"{path}: is not a checkpoint of tensors alone ({reason})") from error
    if not isinstance(loaded, dict) or not all(isinstance(tensor, Tensor) for tensor in loaded.values()):
        raise CheckpointError(f"{path}: must hold a dictionary of tensors")
    return loaded


def _our_name(name: str, modules: dict[str, str], path: Path) -> str:
    short = name
    for prefix in PREFIXES:
        short = short.removeprefix(prefix)
    for theirs, ours in modules.items():
        if short.startswith(theirs):
            return (ours + short.removeprefix(theirs)).replace(THEIR_MIXER, OUR_MIXER)
    if short not in NAMES:
        raise CheckpointError(f"{path}: holds {name}, which is no tensor of the published {_code(modules)}")
    return NAMES[short]


def _published(name: str, modules: dict[str, str]) -> str:
    for theirs, ours in (NAMES | modules).items():
        if name.startswith(ours):
            return (theirs + name.removeprefix(ours)).replace(OUR_MIXER, THEIR_MIXER)
    return name


def _code(modules: dict[str, str]) -> str:
    return "TRM" if modules is TRM else "HRM"
