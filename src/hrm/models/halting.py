"""When an example stops: adaptive computation time by Q-learning (section 2), and the simpler rules beside it.

q_learning    halt when the halt value beats the continue value, as published
halting_loss  halt when the answer is likelier right than wrong; continue is not trained
ponder        halt by chance, with probability sigmoid(halt): probabilistic ACT with a cost of each further segment
fixed         never before the last segment
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from hrm.core.schema import HaltingParams


class HaltingDraws(NamedTuple):
    """What a step draws for the halting of each example; both (batch,)."""

    minimum: Tensor  # int32 least number of segments, by exploration
    uniform: Tensor  # float32 in [0, 1), compared with the probability of halting


def wants_halt(q: Tensor, params: HaltingParams) -> Tensor:
    """(batch, 2) logits -> (batch,) bool, as in evaluation: where ponder is likelier to halt than not, it halts."""
    if params.rule == "q_learning":
        return q[:, 0] > q[:, 1]
    if params.rule == "fixed":
        return torch.zeros_like(q[:, 0], dtype=torch.bool)
    return q[:, 0] > 0


def draw_halting(params: HaltingParams, shape: tuple[int, ...], generator: torch.Generator) -> HaltingDraws:
    """On the CPU: the least number of segments is uniform in 2 .. max_segments where it explores, else 0."""
    explore = torch.rand(shape, generator=generator) < params.exploration
    minimum = torch.zeros(shape, dtype=torch.int32)
    if params.max_segments >= 2 and params.rule != "fixed":
        low = torch.randint(2, params.max_segments + 1, shape, generator=generator, dtype=torch.int32)
        minimum = torch.where(explore, low, minimum)
    drawn = params.rule == "ponder"
    return HaltingDraws(minimum, torch.rand(shape, generator=generator) if drawn else torch.zeros(shape))


def decide_halt(q: Tensor, steps: Tensor, draws: HaltingDraws, params: HaltingParams) -> Tensor:
    """(batch,) bool in training: at the last segment always, before it when the model wants to and may."""
    last = steps >= params.max_segments
    if params.max_segments < 2:
        return last
    wants = draws.uniform < torch.sigmoid(q[:, 0]) if params.rule == "ponder" else wants_halt(q, params)
    # The released code applies the minimum to forced halts too; there it never bites, as the minimum is at most M.
    return last | (wants & (steps >= draws.minimum))


def continue_target(next_q: Tensor, steps: Tensor, params: HaltingParams) -> Tensor:
    """(batch,) target of the continue value: the best of the next segment, its halt value alone at the last one."""
    last = steps >= params.max_segments
    return torch.sigmoid(torch.where(last, next_q[:, 0], next_q.amax(dim=1)))


def ponder_loss(q: Tensor, loss: Tensor, next_loss: Tensor, steps: Tensor, params: HaltingParams) -> Tensor:
    """(batch,) expected cost of halting with probability sigmoid(halt): the cell loss now, or later at a price.

    As the states carry no gradient to the next segment, its loss (batch,) comes from one more forward pass, like the
    published target of continue. An example lives at segment n with the probability that no segment before halted it,
    since it halts by chance: the mean over a batch is the ACT objective. At the last segment there is no choice.
    """
    probability = torch.where(steps >= params.max_segments, 1.0, torch.sigmoid(q[:, 0]))
    later = params.ponder_cost + next_loss.detach()
    return probability * loss.detach() + (1.0 - probability) * later


def halting_loss(
    q: Tensor, loss: Tensor, exact: Tensor, steps: Tensor, further: Tensor | None, params: HaltingParams
) -> Tensor | None:
    """(batch,) loss of the halt and continue values; None where none is trained.

    Args:
        q: (batch, 2) logits.
        loss: (batch,) cell loss.
        exact: (batch,) whether the answer is right.
        steps: (batch,) segments taken, this one included.
        further: of one more segment, the logits (batch, 2) for q_learning, the cell loss (batch,) for ponder; None
            where `params.further_pass` is false.
        params: of halting.
    """
    if params.rule == "fixed":
        return None
    if params.rule == "ponder":
        return None if further is None else ponder_loss(q, loss, further, steps, params)
    total = functional.binary_cross_entropy_with_logits(q[:, 0], exact.float(), reduction="none")
    if params.rule == "q_learning" and further is not None:
        target = continue_target(further, steps, params)
        total = total + functional.binary_cross_entropy_with_logits(q[:, 1], target, reduction="none")
    return total
