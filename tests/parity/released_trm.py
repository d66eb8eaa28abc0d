"""TRM once more, for a whole batch in float64, on tensors under the names that its released checkpoints have.

Written from the paper's pseudocode (arXiv 2510.04871, figure 3) and from what the released code does, in another form
than ours and than reference.py: products are einsums, and a mixer block works on (batch, hidden, positions). Nothing of
src/hrm is used.
"""

import math
from typing import NamedTuple

import torch

FRONT = 16  # positions in front of the grid


class Sizes(NamedTuple):
    """What decides the shapes."""

    hidden: int
    heads: int
    cells: int
    vocabulary: int
    puzzles: int
    layers: int
    multiple: int  # of a SwiGLU's width
    mixer: bool


def width(size: int, sizes: Sizes) -> int:
    """Width of a SwiGLU of expansion 4 on vectors of `size`."""
    return math.ceil(round(4 * size * 2 / 3) / sizes.multiple) * sizes.multiple


def shapes(sizes: Sizes) -> dict[str, tuple[int, ...]]:
    """Published name -> shape, of parameters, then of buffers."""
    hidden, length = sizes.hidden, sizes.cells + FRONT
    found = {
        "embed_tokens.embedding_weight": (sizes.vocabulary, hidden),
        "lm_head.weight": (sizes.vocabulary, hidden),
        "q_head.weight": (2, hidden),
        "q_head.bias": (2,),
    }
    for layer in range(sizes.layers):
        at = f"L_level.layers.{layer}"
        if sizes.mixer:
            found[f"{at}.mlp_t.gate_up_proj.weight"] = (2 * width(length, sizes), length)
            found[f"{at}.mlp_t.down_proj.weight"] = (length, width(length, sizes))
        else:
            found[f"{at}.self_attn.qkv_proj.weight"] = (3 * hidden, hidden)
            found[f"{at}.self_attn.o_proj.weight"] = (hidden, hidden)
        found[f"{at}.mlp.gate_up_proj.weight"] = (2 * width(hidden, sizes), hidden)
        found[f"{at}.mlp.down_proj.weight"] = (hidden, width(hidden, sizes))
    return found | {"puzzle_emb.weights": (sizes.puzzles, hidden), "H_init": (hidden,), "L_init": (hidden,)}


BUFFERS = ("puzzle_emb.weights", "H_init", "L_init")


def fixed_tensors(sizes: Sizes) -> dict[str, torch.Tensor]:
    """Numbers of a formula, about as large as first weights, so that nothing depends on a generator."""
    found = {}
    for place, (name, shape) in enumerate(shapes(sizes).items(), 1):
        index = torch.arange(math.prod(shape), dtype=torch.float64)
        values = torch.sin(1.7 * index + place) + 0.5 * torch.cos(0.31 * index * place)
        found[name] = (values / (1.0 if name in BUFFERS else shape[-1] ** 0.5)).view(shape)
    return found


def normed(values: torch.Tensor) -> torch.Tensor:
    """Root mean square 1 over the last dimension."""
    return values / (values.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt()


def gated(values: torch.Tensor, weights: dict[str, torch.Tensor], at: str) -> torch.Tensor:
    gate, up = torch.einsum("...i,oi->...o", values, weights[f"{at}.gate_up_proj.weight"]).tensor_split(2, dim=-1)
    return torch.einsum("...i,oi->...o", gate * gate.sigmoid() * up, weights[f"{at}.down_proj.weight"])


def attended(values: torch.Tensor, weights: dict[str, torch.Tensor], at: str, heads: int) -> torch.Tensor:
    """Positions turn the pairs (i, i + half) of q and k, as complex numbers here."""
    batch, length, hidden = values.shape
    size = hidden // heads
    parts = torch.einsum("bli,oi->blo", values, weights[f"{at}.qkv_proj.weight"]).view(batch, length, 3, heads, size)
    angles = torch.outer(torch.arange(length), 10000.0 ** -(torch.arange(size // 2) * 2.0 / size).double())
    turned = [
        torch.complex(*part.tensor_split(2, dim=-1)) * torch.exp(1j * angles)[:, None] for part in parts.unbind(2)
    ]
    query, key = (torch.cat((part.real, part.imag), dim=-1) for part in turned[:2])
    weight = (torch.einsum("blhs,bmhs->bhlm", query, key) / math.sqrt(size)).softmax(dim=-1)
    mixed = torch.einsum("bhlm,bmhs->blhs", weight, parts[:, :, 2]).reshape(batch, length, hidden)
    return torch.einsum("bli,oi->blo", mixed, weights[f"{at}.o_proj.weight"])


def network(values: torch.Tensor, weights: dict[str, torch.Tensor], sizes: Sizes) -> torch.Tensor:
    """The one network, on the sum of what it is given, (batch, positions, hidden)."""
    for layer in range(sizes.layers):
        at = f"L_level.layers.{layer}"
        if sizes.mixer:
            turned = values.permute(0, 2, 1)  # (batch, hidden, positions), the layout of the mixer and of its norm
            values = normed(turned + gated(turned, weights, f"{at}.mlp_t")).permute(0, 2, 1)
        else:
            values = normed(values + attended(values, weights, f"{at}.self_attn", sizes.heads))
        values = normed(values + gated(values, weights, f"{at}.mlp"))
    return values


class Answer(NamedTuple):
    """After a segment."""

    y: torch.Tensor  # (batch, positions, hidden)
    z: torch.Tensor  # the same
    logits: torch.Tensor  # (batch, cells, vocabulary)
    halt: torch.Tensor  # (batch,)


def segment(
    weights: dict[str, torch.Tensor],
    sizes: Sizes,
    cycles: tuple[int, int],
    tokens: torch.Tensor,
    ids: torch.Tensor,
    y: torch.Tensor,
    z: torch.Tensor,
) -> Answer:
    """T recursions of n latent steps, the last one with its gradient. Tokens (batch, cells), ids (batch,)."""
    rows = weights["puzzle_emb.weights"][ids]
    front = torch.zeros(len(tokens), FRONT * sizes.hidden, dtype=rows.dtype)
    front[:, : rows.shape[1]] = rows  # numbers in front, zeros behind them: positions 2 to 16 are zero
    grid = weights["embed_tokens.embedding_weight"][tokens]
    x = sizes.hidden**0.5 * torch.cat((front.view(len(tokens), FRONT, -1), grid), dim=1)
    recursions, latent = cycles
    for recursion in range(recursions):
        with torch.set_grad_enabled(recursion == recursions - 1):
            for _ in range(latent):
                z = network(x + y + z, weights, sizes)
            y = network(y + z, weights, sizes)
    logits = torch.einsum("bli,oi->blo", y[:, FRONT:], weights["lm_head.weight"])
    q = y[:, 0] @ weights["q_head.weight"].T + weights["q_head.bias"]
    return Answer(y, z, logits, q[:, 0])


def training_loss(answer: Answer, labels: torch.Tensor) -> torch.Tensor:
    """Mean over the batch: stablemax cross entropy of the cells whose label is not 0, and half the halting loss."""
    mass = torch.where(answer.logits < 0, 1 / (1 - answer.logits.clamp(max=0)), 1 + answer.logits)
    logs = torch.log(mass / mass.sum(-1, keepdim=True)).gather(-1, labels[..., None])[..., 0]
    counted = labels != 0
    cells = -(logs * counted).sum(-1) / counted.sum(-1)
    exact = ((answer.logits.argmax(-1) == labels) | ~counted).all(-1)
    halting = torch.where(exact, -answer.halt.sigmoid().log(), -(-answer.halt).sigmoid().log())
    return (cells + 0.5 * halting).mean()
