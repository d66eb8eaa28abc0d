"""Memory of one training step against the module calls of its segment, for each rule of the gradient.

The paper's one-step gradient (section 2, "Approximate gradient") needs memory that does not grow with the number of
calls; backpropagation through all of them needs memory in proportion. Two measures:

- what autograd keeps from the forward pass for the backward pass, counted as it is kept: exact on every device;
- on CUDA also the peak of allocated memory, less what was there before the step (weights, gradients, batch, states).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.nn import functional

from hrm.core.analysis_schema import MemoryParams
from hrm.core.schema import RunParams, run_params
from hrm.core.seeds import torch_generator
from hrm.models.architecture import gradient_calls
from hrm.models.build import build_model

COLUMNS = ("rule", "high_cycles", "low_cycles", "module_calls", "gradient_calls", "saved_bytes", "peak_bytes")


def memory_rows(root: Path, scale: str, params: MemoryParams, device: torch.device) -> list[dict[str, Any]]:
    """One row (`COLUMNS`) for each rule and number of cycles; `peak_bytes` is None on a CPU."""
    rows = []
    for rule in params.rules:
        for cycles in params.high_cycles:
            changes = {"gradient.rule": rule, "gradient.steps": params.steps}
            changes |= {"high_cycles": cycles, "low_cycles": params.low_cycles}
            overrides = [f"model.{name}={value}" for name, value in changes.items()]
            overrides.append(f"train.batch_size={params.batch_size}")
            run = run_params(root, scale, params.task, params.variant, overrides)
            saved, peak = step_memory(run, params.cells, params.vocabulary_size, device)
            calls = cycles * (params.low_cycles + 1)
            backward = gradient_calls(run.model.gradient, calls, params.low_cycles + 1)
            values = (rule, cycles, params.low_cycles, calls, backward, saved, peak)
            rows.append(dict(zip(COLUMNS, values, strict=True)))
    return rows


def step_memory(params: RunParams, cells: int, vocabulary_size: int, device: torch.device) -> tuple[int, int | None]:
    """Bytes that one segment keeps for its backward pass, and on CUDA the peak of both passes.

    The update of the weights is left out: what it takes does not depend on the segment. The loss is a plain one, for
    the same reason.
    """
    torch.set_num_threads(params.train.threads)
    generator = torch_generator(0, "memory")
    model = build_model(params.model, params.train.dtype, vocabulary_size, cells, 1, generator).to(device)
    for parameter in model.parameters():
        parameter.data = parameter.data.to(model.dtype)  # as in training
    shape = (params.train.batch_size, cells)
    tokens = torch.randint(vocabulary_size, shape, generator=generator).to(device)
    ids = torch.zeros(len(tokens), dtype=torch.long, device=device)
    rows = model.embedding.puzzle_table[ids].requires_grad_()
    carry = model.initial_carry(len(tokens), device)
    before = [*model.parameters(), *model.buffers(), tokens, ids, rows, *carry]

    def loss() -> Tensor:
        _, logits, q = model(carry, tokens, ids, rows)
        return functional.cross_entropy(logits.float().flatten(0, 1), tokens.flatten()) + q.square().mean()

    saved = saved_bytes(loss, before)
    return saved, peak_bytes(loss, device) if device.type == "cuda" else None


def saved_bytes(function: Callable[[], Tensor], before: list[Tensor]) -> int:
    """Bytes of all storages that autograd keeps while `function` runs, those of `before` left out."""
    known = {tensor.untyped_storage().data_ptr() for tensor in before}
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor  # which holds its storage, so that no other takes the same place

    with saved_tensors_hooks(keep, lambda tensor: tensor):
        result = function()  # held until the count is taken, and with it all that was kept
    total = sum(kept.values())
    del result
    return total


def peak_bytes(function: Callable[[], Tensor], device: torch.device) -> int:
    """Peak of allocated memory in a forward and a backward pass, less what was allocated before."""
    function().backward()  # type: ignore[no-untyped-call]  # makes the gradients, and sets up the libraries
    torch.cuda.synchronize(device)
    allocated = torch.cuda.memory_allocated(device)
    torch.cuda.reset_peak_memory_stats(device)
    function().backward()  # type: ignore[no-untyped-call]
    torch.cuda.synchronize(device)
    return torch.cuda.max_memory_allocated(device) - allocated
