"""Adam-atan2 or AdamW over one flat buffer, SignSGD for rows of the puzzle table, EMA, and the schedule."""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from hrm.core.schema import OptimizerParams
from hrm.models.fp8 import attach, weights_to_fp8
from hrm.training.parallel import ALONE, Group

ALIGNMENT = 64  # elements, so that every tensor inside the flat buffer starts at a 256-byte boundary


class FlatParameters:
    """All parameters of a module that are trained as views of one buffer, and so their gradients.

    The optimizer is then a handful of operations on one vector, whatever the number of tensors. Where the network
    computes in another type than float32, its parameters are copies in that type, made once a step instead of at every
    use; `values` are the float32 master weights, as in the published code.
    """

    def __init__(self, module: nn.Module, dtype: torch.dtype = torch.float32) -> None:
        named = [(name, parameter) for name, parameter in module.named_parameters() if parameter.requires_grad]
        sizes = [-(-parameter.numel() // ALIGNMENT) * ALIGNMENT for _, parameter in named]
        device = named[0][1].device
        self.values = torch.zeros(sum(sizes), device=device)
        self.working = self.values if dtype == torch.float32 else torch.zeros_like(self.values, dtype=dtype)
        self.gradients = torch.zeros_like(self.working)
        self.fp8: Tensor | None = None
        self.slices: dict[str, tuple[int, torch.Size]] = {}
        offset = 0
        for (name, parameter), size in zip(named, sizes, strict=True):
            self.slices[name] = (offset, parameter.shape)
            self.view(self.values, name).copy_(parameter.data)
            parameter.data = self.view(self.working, name)
            parameter.grad = self.view(self.gradients, name)
            offset += size
        self.refresh()

    def refresh(self) -> None:
        """Give the network the master weights."""
        if self.working is not self.values:
            self.working.copy_(self.values)
        if self.fp8 is not None:
            self.fp8.copy_(weights_to_fp8(self.values))

    def keep_fp8(self, module: nn.Module) -> None:
        """Give the linear maps of `module` a copy of their weights in FP8, for calls without a gradient."""
        self.fp8 = weights_to_fp8(self.values)
        attach(module, {name: self.view(self.fp8, name) for name in self.slices}, self.values.device)

    def view(self, flat: Tensor, name: str) -> Tensor:
        """The part of a flat vector that belongs to one parameter, in its shape."""
        offset, shape = self.slices[name]
        return flat[offset : offset + shape.numel()].view(shape)

    def unflatten(self, flat: Tensor) -> dict[str, Tensor]:
        """Name -> tensor, for a checkpoint."""
        return {name: self.view(flat, name).clone() for name in self.slices}


class Optimizer:
    """Adam over one flat buffer with decoupled weight decay, and EMA of the weights.

    With m and v the moments of the gradient, corrected for their start, and values <- (1 - lr wd) values - lr d:
    adam_atan2: d = atan2(m, sqrt(v)), the released optimizer's (Everett et al., 2024);
    adamw: d = m / (sqrt(v) + epsilon) (Loshchilov and Hutter, 2019).
    """

    def __init__(self, flat: FlatParameters, params: OptimizerParams) -> None:
        self.flat, self.params = flat, params
        self.first_moment = torch.zeros_like(flat.values)
        self.second_moment = torch.zeros_like(flat.values)
        self.average = flat.values.clone()

    @torch.no_grad()
    def step(self, rates: "Rates") -> None:
        """Apply one update and clear the gradients."""
        beta1, beta2 = self.params.beta1, self.params.beta2
        values, gradients = self.flat.values, self.flat.gradients.float()
        if self.params.gradient_clip:
            gradients = gradients * (self.params.gradient_clip / gradients.norm().clamp_min(1e-12)).clamp_max(1.0)
        values.mul_(rates.keep)
        self.first_moment.lerp_(gradients, 1.0 - beta1)
        self.second_moment.mul_(beta2).addcmul_(gradients, gradients, value=1.0 - beta2)
        scale = self.second_moment.sqrt() * rates.scale
        if self.params.name == "adam_atan2":
            direction = torch.atan2(self.first_moment, scale)
        else:
            direction = self.first_moment / (scale + self.params.epsilon)
        values.addcmul_(direction, rates.step, value=-1.0)
        self.flat.gradients.zero_()
        self.flat.refresh()
        self.average.lerp_(values, rates.average)

    def state(self) -> dict[str, Tensor]:
        """The tensors that a resumed training needs."""
        return {
            "values": self.flat.values,
            "first_moment": self.first_moment,
            "second_moment": self.second_moment,
            "average": self.average,
        }


class Rates(NamedTuple):
    """What an update depends on besides tensors of the model; scalars on the device, so that a step can be recorded."""

    keep: Tensor  # share of the weights that weight decay leaves
    step: Tensor  # along the angle: learning rate over the correction of the first moment
    scale: Tensor  # correction of the root of the second moment
    average: Tensor  # share of the new weights in their average
    puzzle_keep: Tensor
    puzzle_step: Tensor


def rates_at(update: int, learning_rate: float, params: OptimizerParams) -> tuple[float, ...]:
    """The numbers of `Rates` for update number `update`, counted from 1."""
    share = learning_rate / params.learning_rate  # the puzzle table follows the same schedule
    puzzle_rate = params.puzzle_learning_rate * share
    return (
        1.0 - learning_rate * params.weight_decay,
        learning_rate / (1.0 - params.beta1**update),
        1.0 / math.sqrt(1.0 - params.beta2**update),
        # A young average follows the weights closely instead of staying at the random start.
        1.0 - min(params.ema_decay, update / (update + 10.0)),
        1.0 - puzzle_rate * params.puzzle_weight_decay,
        puzzle_rate,
    )


@torch.no_grad()
def sign_sgd(table: Tensor, ids: Tensor, gradients: Tensor, keep: Tensor, step: Tensor, group: Group = ALONE) -> None:
    """Sign of the summed gradient of each row that the batch used; rows it did not use stay untouched.

    Args:
        table: (puzzle ids, size), changed in place.
        ids: (batch,) rows used, repeats allowed.
        gradients: (batch, size), one for each use.
        keep: share of a used row that weight decay leaves (decoupled, as in the released code).
        step: along the sign.
        group: the processes whose batches count together; all of them change their table alike.

    Shapes do not depend on the data, so nothing waits for the device.
    """
    if table.numel() == 0:
        return
    everyone = group.gather(ids)
    rows, order = everyone.sort(stable=True)
    starts = torch.ones_like(rows)
    starts[1:] = (rows[1:] != rows[:-1]).to(starts.dtype)
    sums = starts.cumsum(0) - 1  # which sum each sorted use belongs to
    own = torch.empty_like(sums).index_copy_(0, order, sums)[group.part(len(rows))]
    summed = gradients.new_zeros((len(rows), gradients.shape[1])).index_add_(0, own, gradients)
    # Sums, not rows, are exchanged: a scattered sum may round differently in each process, and so turn a sign.
    group.add(summed)
    new = table[rows] * keep - step * summed[sums].sign()
    table.index_copy_(0, rows, new)  # repeats of a row write the same values


def schedule_factor(update: int, total: int, params: OptimizerParams) -> float:
    """Factor of the learning rate of `update`: linear warm-up, then constant or cosine to the minimum.

    Updates count from 1, as in the released code: the first has 1 / warmup_steps of the rate, the last the minimum.
    """
    if update < params.warmup_steps:
        return update / max(1, params.warmup_steps)
    if params.schedule == "constant":
        return 1.0
    progress = (update - params.warmup_steps) / max(1, total - params.warmup_steps)
    return params.minimum_ratio + (1.0 - params.minimum_ratio) * 0.5 * (1.0 + math.cos(math.pi * min(1.0, progress)))
