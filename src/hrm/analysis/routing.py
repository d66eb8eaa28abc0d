"""How evenly the pointer models spread their choice: entropy of the routes over the heads, and of the attention.

Of a distribution p the entropy is -sum p log p, in nats; its share is that of the largest possible one, log n of n
choices: 1 where all are alike, 0 where one has everything. Means over examples, and of the attention over positions.

    routing     weights of the heads of a block at one refinement, before hard routing; log n is that of the heads
    attention   weights of the positions that one head looks at; log n is that of the positions

Nothing of the forward pass is written twice: hooks look at what the controllers and attention layers take and give.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from hrm.data.players import batch_starts
from hrm.evaluation.segments import Examples
from hrm.models.plain_layers import SelfAttention
from hrm.models.pointer.network import HeadController, route_entropy
from hrm.models.segment import SegmentModel

COLUMNS = ("kind", "segment", "refinement", "block", "head", "choices", "weight", "entropy", "share")
RoutingRow = dict[str, float | int | str | None]


class Key(NamedTuple):
    """What one row is about; refinements, blocks and heads count from 1, 0 where a row is about all heads."""

    kind: str
    segment: int
    refinement: int
    block: int


class Seen(NamedTuple):
    """Sums over examples, a number a head (one in all for the entropy of routes)."""

    choices: int
    weight: Tensor | None  # (heads,) of the routes
    entropy: Tensor  # (heads,) or (1,)


def routing_rows(model: SegmentModel, examples: Examples, segments: int, batch_size: int) -> list[RoutingRow]:
    """One row (`COLUMNS`) for each segment, refinement and block, and for each head in them.

    Rows of kind "routing" with a head have its mean weight, the one without has the entropy; rows of kind "attention"
    have the entropy of each head. Networks without controllers have attention alone.
    """
    sums: dict[Key, Seen] = {}
    count = len(examples.inputs)
    for start in batch_starts(count, batch_size):
        rows = slice(start, start + batch_size)
        carry = model.initial_carry(len(examples.inputs[rows]), examples.inputs.device)
        for segment in range(1, segments + 1):
            with torch.inference_mode(), watched(model, segment, sums):
                carry, _, _ = model.forward(carry, examples.inputs[rows].long(), examples.puzzle_ids[rows])
    return [row for key in sorted(sums) for row in _rows(key, sums[key], count)]


def attention_entropy(query: Tensor, key: Tensor) -> Tensor:
    """Entropy in nats of attention without a mask, mean over the queries: (batch, heads, length, size) twice -> (b, h).

    The weights are softmax(q k / sqrt(size)), in float32.
    """
    scores = query.float() @ key.float().transpose(-1, -2) / math.sqrt(query.shape[-1])
    return route_entropy(torch.softmax(scores, dim=-1)).mean(dim=-1)


@contextmanager
def watched(model: SegmentModel, segment: int, sums: dict[Key, Seen]) -> Iterator[None]:
    """Within the context, one segment of the model adds what it does to `sums`."""
    calls: dict[nn.Module, int] = {}

    def key(kind: str, module: nn.Module, block: int) -> Key:
        calls[module] = calls.get(module, 0) + 1
        return Key(kind, segment, calls[module], block)

    def add(key: Key, seen: Seen) -> None:
        before = sums.get(key)
        if before is not None:
            weight = None if seen.weight is None or before.weight is None else seen.weight + before.weight
            seen = Seen(seen.choices, weight, seen.entropy + before.entropy)
        sums[key] = seen

    def route_hook(block: int) -> Any:
        def hook(module: nn.Module, given: Any, result: Any) -> None:
            routes: Tensor = result[0]  # (batch, heads)
            entropy = route_entropy(routes).sum(dim=0, keepdim=True)
            add(key("routing", module, block), Seen(routes.shape[-1], routes.sum(dim=0).cpu(), entropy.cpu()))

        return hook

    def attention_hook(block: int) -> Any:
        def hook(module: SelfAttention, given: Any) -> None:
            query, looked_at, _ = module.project(given[0], given[1])
            entropy = attention_entropy(query, looked_at).sum(dim=0)
            add(key("attention", module, block), Seen(looked_at.shape[-2], None, entropy.cpu()))

        return hook

    controllers = [module for module in model.modules() if isinstance(module, HeadController)]
    layers = [module for module in model.modules() if isinstance(module, SelfAttention)]
    handles = [module.register_forward_hook(route_hook(block)) for block, module in enumerate(controllers, 1)]
    handles += [module.register_forward_pre_hook(attention_hook(block)) for block, module in enumerate(layers, 1)]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _rows(key: Key, seen: Seen, count: int) -> Iterator[RoutingRow]:
    most = math.log(seen.choices)
    facts = key._asdict() | {"choices": seen.choices}
    entropies = [float(value) / count for value in seen.entropy]
    for head, entropy in enumerate(entropies, 1):
        share = entropy / most if most else None
        place = {"head": None if seen.weight is not None else head, "weight": None}
        yield {**facts, **place, "entropy": round(entropy, 6), "share": None if share is None else round(share, 6)}
    for head, weight in enumerate([] if seen.weight is None else seen.weight, 1):
        yield {**facts, "head": head, "weight": round(float(weight) / count, 6), "entropy": None, "share": None}
