"""Model files (raw and averaged weights) and resume states, both safetensors: no pickle is ever loaded."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from hrm.core.errors import CheckpointError
from hrm.core.files import atomic_path
from hrm.core.records import SCHEMA, recorded
from hrm.core.schema import RunParams
from hrm.core.seeds import torch_generator
from hrm.models.build import build_model
from hrm.models.segment import SegmentModel

Weights = Literal["ema", "raw"]


def save_tensors(path: Path, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
    """Write tensors with JSON facts in the header, whole or not at all."""
    ready = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    with atomic_path(path) as temporary:
        save_file(ready, temporary, {"facts": json.dumps(facts, sort_keys=True)})


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what `save_tensors` wrote, to the CPU; CheckpointError when it is missing, truncated or something else."""
    if not path.is_file():
        raise CheckpointError(f"{path}: there is no such file")
    try:
        with safe_open(path, framework="pt") as file:
            facts = json.loads((file.metadata() or {})["facts"])
            return {name: file.get_tensor(name) for name in file.keys()}, facts  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path}: is damaged or truncated ({error})") from error
    except (KeyError, ValueError) as error:
        raise CheckpointError(f"{path}: is a safetensors file, but not one of ours (no facts in its header)") from error


def model_facts(params: RunParams, facts: dict[str, Any]) -> dict[str, Any]:
    """What the header of a model file says: `facts`, and the parameters with the version of their schema."""
    return {"kind": "model", "schema": SCHEMA, **facts, "params": params.model_dump()}


@dataclass(frozen=True)
class LoadedModel:
    """A trained model in eval mode, with what is known of it."""

    model: SegmentModel
    params: RunParams
    facts: dict[str, Any]


def model_from_facts(params: RunParams, facts: dict[str, Any]) -> SegmentModel:
    """An untrained model of the right shape; its weights come from (seed, "weights")."""
    cells = 1
    for side in facts["grid_shape"]:
        cells *= side
    generator = torch_generator(facts["seed"], "weights")
    return build_model(
        params.model, params.train.dtype, facts["vocabulary_size"], cells, facts["puzzle_ids"], generator
    )


def load_model(path: str | Path, weights: Weights, device: torch.device, compile: bool) -> LoadedModel:
    """Read a model file; `compile` is honoured on CUDA only. Raises CheckpointError when it is broken."""
    path = Path(path)
    tensors, facts = load_tensors(path)
    if facts.get("kind") != "model":
        raise CheckpointError(f"{path}: is not a model file but {facts.get('kind', 'something else')!r}")
    params = recorded(RunParams, facts["params"], facts.get("schema"), str(path))
    model = model_from_facts(params, facts)
    prefixes = (f"{weights}.", "buffer.")
    state = {name.split(".", 1)[1]: tensor for name, tensor in tensors.items() if name.startswith(prefixes)}
    try:
        model.load_state_dict(state)
    except RuntimeError as error:
        raise CheckpointError(f"{path}: does not fit its own parameters ({' '.join(str(error).split())})") from error
    model.to(device).eval().requires_grad_(False)
    if compile and device.type == "cuda":
        model.compile()
    return LoadedModel(model, params, facts)
