"""First values of weights: they depend on a generator alone, not on the device."""

import math
from typing import Literal

import torch
from torch import Tensor


def truncated_normal(shape: tuple[int, ...], std: float, generator: torch.Generator) -> Tensor:
    """Normal numbers cut at two sigma, scaled so that their standard deviation is `std` after the cut (as JAX does).

    PyTorch's own trunc_normal_ leaves the deviation 12 % short (docs/deviations.md 1 tells what that would change).
    """
    if std == 0.0:
        return torch.zeros(shape)
    cut = math.erf(math.sqrt(2.0))  # probability mass within two sigma
    density = math.exp(-2.0) / math.sqrt(2.0 * math.pi)
    sigma = std / math.sqrt(1.0 - 4.0 * density / cut)
    uniform = torch.rand(shape, generator=generator) * (2.0 * cut) - cut
    values = torch.erfinv(uniform) * (math.sqrt(2.0) * sigma)
    return values.clamp(-2.0 * sigma, 2.0 * sigma)


class Init:
    """Draws first values by one of two rules.

    truncated_lecun: as published; truncated normal, of deviation inputs^-1/2 for linear maps, 1 for states.
    uniform: as PyTorch's own layers and the study of boards (krychu/hrm); linear maps uniform in +-inputs^-1/2,
    vectors normal, states of deviation hidden^-1/2.
    """

    def __init__(self, rule: Literal["truncated_lecun", "uniform"], generator: torch.Generator) -> None:
        self.published = rule == "truncated_lecun"
        self.generator = generator

    def linear(self, outputs: int, inputs: int) -> Tensor:
        """A weight (outputs, inputs)."""
        if self.published:
            return truncated_normal((outputs, inputs), inputs**-0.5, self.generator)
        return (torch.rand((outputs, inputs), generator=self.generator) * 2.0 - 1.0) * inputs**-0.5

    def vectors(self, shape: tuple[int, ...], std: float) -> Tensor:
        """Vectors of an embedding, of deviation `std`."""
        if self.published:
            return truncated_normal(shape, std, self.generator)
        return torch.randn(shape, generator=self.generator) * std

    def state(self, hidden_size: int) -> Tensor:
        """The first value (hidden,) of a state."""
        return self.vectors((hidden_size,), 1.0 if self.published else hidden_size**-0.5)
