"""When the two states of a network change: counted on what its modules are given, not taken from its parameters.

HRM paper, section 2: in a segment of N cycles of T steps the low state is updated at every step, the high state only
once every T steps, after them. The states are compared bit for bit before and after every module call, as the modules
themselves see them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any, cast

import torch
from torch import Tensor, nn

from hrm.evaluation.segments import Examples
from hrm.models.segment import SegmentModel

States = tuple[Tensor, Tensor]  # high and low, both (batch, length, hidden)


def dynamics(model: SegmentModel, examples: Examples, segments: int) -> dict[str, float]:
    """What changes when, over `segments` segments of every example.

    dynamics_high_updates, dynamics_low_updates: changes of each state in a segment, the mean.
    dynamics_high_period: changes of the low state from one change of the high state to the next, the mean.
    dynamics_off_schedule: share of module calls after which not exactly that state had changed which the paper's
    schedule says, with the T and N of the network's parameters.
    dynamics_high_given_input: share of the high module's calls that are handed the embedded input; of one network in
    both roles (TRM) there is none, as that is what tells its roles apart.

    Args:
        model: in eval mode, on the device of `examples`.
        examples: all in one batch.
        segments: at least 1.
    """
    given_input: list[bool] = []
    seen = list(_states(model, examples, segments, given_input))
    changed = [
        torch.stack([(after != before).flatten(1).any(dim=1) for before, after in zip(old, new, strict=True)])
        for old, new in pairwise(seen)
    ]
    changes = torch.stack(changed).double().cpu()  # (calls, high and low, examples)
    period = model.params.low_cycles + 1
    high_turn = torch.arange(1, len(changes) + 1) % period == 0
    wanted = torch.stack((high_turn, ~high_turn), dim=1).unsqueeze(2)
    off = (changes != wanted.double()).any(dim=1)
    high, low = changes.sum(dim=0)
    return {
        "dynamics_high_updates": high.mean().item() / segments,
        "dynamics_low_updates": low.mean().item() / segments,
        "dynamics_high_period": (low / high.clamp_min(1)).mean().item(),
        "dynamics_off_schedule": off.double().mean().item(),
    } | ({"dynamics_high_given_input": sum(given_input) / len(given_input)} if given_input else {})


def _states(model: SegmentModel, examples: Examples, segments: int, given_input: list[bool]) -> Iterator[States]:
    """Both states before every module call, then those at the end; `given_input` gets an entry a call of H."""
    carry = model.initial_carry(len(examples.inputs), examples.inputs.device)
    tokens = examples.inputs.long()
    for _ in range(segments):
        calls: list[States] = []
        with _noting(model, calls, given_input), torch.inference_mode():
            carry, _, _ = model.forward(carry, tokens, examples.puzzle_ids)
        yield from calls
    yield carry[0], carry[1]


@contextmanager
def _noting(model: SegmentModel, calls: list[States], given_input: list[bool]) -> Iterator[None]:
    """Within the context, each call of a module adds the two states that it was given.

    A call of H adds to `given_input` whether it was handed the embedded input.

    One network in both roles (TRM) is told apart by the embedded input, which the low role alone is given.
    """

    shared = model.params.shared_modules

    def note(module: nn.Module, given: tuple[Any, ...]) -> None:
        own, other, injected = given[:3]
        high = injected is None if shared else module is model.high_module
        calls.append((own, other) if high else (other, own))
        if high and not shared:
            given_input.append(injected is not None)

    modules = cast(set[nn.Module], {model.high_module, model.high_module if shared else model.low_module})
    handles = [module.register_forward_pre_hook(note) for module in modules]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
