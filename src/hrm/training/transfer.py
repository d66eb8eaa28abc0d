"""Starting a training from the modules of another one, on a task with other tokens."""

from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor

from hrm.core.errors import CheckpointError, ParameterError
from hrm.core.files import sha256_file
from hrm.core.schema import RunParams
from hrm.models.segment import SegmentModel
from hrm.training.checkpoint import load_tensors

OF_THE_TASK = ("embedding.", "head.", "q_head.")  # what belongs to a task's tokens and puzzles, and starts afresh


class Start(NamedTuple):
    """What is taken over of a model file."""

    tensors: dict[str, Tensor]  # averaged weights and buffers, by their names in the network
    origin: dict[str, Any]  # task, variant, seed and SHA-256 of the file
    path: Path


def read_start(path: Path | None, params: RunParams, scale: str, seed: int) -> Start | None:
    """Read the model that `params.transfer` names; None where it names none.

    Raises:
        ParameterError: `path` is given though nothing is transferred, or the other way round.
        CheckpointError: the file is broken, or it holds another training than the parameters name.
    """
    wanted = params.transfer
    if wanted.task is None or path is None:
        if (wanted.task is None) != (path is None):
            said = f"{wanted.task}/{wanted.variant}" if wanted.task else "null"
            raise ParameterError(f"transfer.task/variant is {said} and --start is {path}; one asks for the other")
        return None
    tensors, facts = load_tensors(path)
    names = {"kind": "model", "task": wanted.task, "variant": wanted.variant, "scale": scale, "seed": seed}
    found = {name: facts.get(name) for name in names}
    if found != names:
        shown = ", ".join(
            f"{name} {found[name]} instead of {names[name]}" for name in names if found[name] != names[name]
        )
        raise CheckpointError(f"{path}: is not what transfer names: {shown}")
    own = {name.split(".", 1)[1]: tensor for name, tensor in tensors.items() if name.startswith(("ema.", "buffer."))}
    origin = {name: names[name] for name in ("task", "variant", "seed")} | {"sha256": sha256_file(path)}
    taken = {name: tensor for name, tensor in own.items() if not name.startswith(OF_THE_TASK)}
    return Start(taken, origin, path)


def take_over(model: SegmentModel, start: Start, frozen: bool) -> None:
    """Give `model` the tensors of `start`, in place; where `frozen`, they carry no gradient from now on.

    Raises:
        CheckpointError: a tensor is missing there, or has another shape.
    """
    own = {name: tensor for name, tensor in model.state_dict().items() if not name.startswith(OF_THE_TASK)}
    for name, tensor in own.items():
        other = start.tensors.get(name)
        if other is None or other.shape != tensor.shape:
            shape = "missing" if other is None else f"of shape {tuple(other.shape)}"
            raise CheckpointError(
                f"{start.path}: {name} is {shape}; it must be of shape {tuple(tensor.shape)}, so that the two trainings"
                " need the same model parameters"
            )
        tensor.copy_(other)
    if frozen:
        for name, parameter in model.named_parameters():
            if name in own:
                parameter.requires_grad_(False)
