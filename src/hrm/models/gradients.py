"""How much of a segment carries a gradient: the last module calls of it, by one of five rules."""

from contextlib import AbstractContextManager, nullcontext

import torch

from hrm.core.schema import GradientParams


def gradient_calls(params: GradientParams, calls: int, cycle: int) -> int:
    """How many of a segment's `calls` module calls, the last ones, carry a gradient.

    Args:
        params: the rule. one_step: the last call of each module (equation (4) of the paper); k_step: the last `steps`
            calls; last_cycle: all of the last cycle (TRM); last_refinement: the last pass of the pointer-over-heads
            model through its stack; full: all, backpropagation through the whole segment.
        calls: module calls of a segment.
        cycle: module calls of a cycle: the low steps and the high one; 1 where there is one module.
    """
    wanted = {
        "one_step": min(cycle, 2),
        "k_step": params.steps,
        "last_cycle": cycle,
        "last_refinement": 1,
        "full": calls,
    }
    return min(wanted[params.rule], calls)


def with_gradient(wanted: bool) -> AbstractContextManager[object]:
    """Leave gradients as they are, or switch them off."""
    return nullcontext() if wanted else torch.no_grad()
