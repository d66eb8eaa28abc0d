"""The pointer-over-heads model, its baseline and the recurrent network again, one example at a time, in plain float64.

Written from the equations and from PyTorch's documentation of GRU cells and encoder layers, not from src/hrm. Tensors
rather than numpy arrays, so that autograd gives the gradients too.
"""

import math

import torch
from torch import Tensor


def norm(x: Tensor, w: dict[str, Tensor], name: str, eps: float) -> Tensor:
    centred = x - x.mean(-1, keepdim=True)
    scaled = centred / (centred.pow(2).mean(-1, keepdim=True) + eps).sqrt()
    return scaled * w[f"{name}.weight"] + w[f"{name}.bias"]


def affine(x: Tensor, w: dict[str, Tensor], name: str) -> Tensor:
    y = x @ w[f"{name}.weight"].T
    return y + w[f"{name}.bias"] if f"{name}.bias" in w else y


def gru(x: Tensor, h: Tensor, w: dict[str, Tensor], name: str) -> Tensor:
    """Cho et al., 2014, with the reset gate where PyTorch has it."""
    a, b = affine(x, w, f"{name}.from_input"), affine(h, w, f"{name}.from_state")
    s = h.shape[-1]
    r = torch.sigmoid(a[..., :s] + b[..., :s])
    z = torch.sigmoid(a[..., s : 2 * s] + b[..., s : 2 * s])
    n = torch.tanh(a[..., 2 * s :] + r * b[..., 2 * s :])
    return (1 - z) * n + z * h


def attention(x: Tensor, w: dict[str, Tensor], name: str, heads: int, scales: Tensor | None, slices: bool) -> Tensor:
    """x (length, size); the scales (heads,) act on the heads, or on slices of the projected output."""
    qkv, size = affine(x, w, f"{name}.qkv"), x.shape[1] // heads
    outs = []
    for h in range(heads):
        q, k, v = (qkv[:, part * x.shape[1] + h * size :][:, :size] for part in range(3))
        out = torch.softmax(q @ k.T / math.sqrt(size), -1) @ v
        outs.append(out if scales is None or slices else scales[h] * out)
    y = affine(torch.cat(outs, 1), w, f"{name}.out")
    if scales is not None and slices:
        y = torch.cat([scales[h] * y[:, h * size : (h + 1) * size] for h in range(heads)], 1)
    return y


def feed_forward(x: Tensor, w: dict[str, Tensor], name: str) -> Tensor:
    return affine(affine(x, w, f"{name}.up").clamp_min(0), w, f"{name}.down")


def embed(w: dict[str, Tensor], tokens: Tensor) -> Tensor:
    x = w["embedding.tokens"][tokens]
    return math.sqrt(0.5) * (x + w["embedding.positions"]) * math.sqrt(x.shape[1])


def encoder(w, p, tokens, carried):
    h = embed(w, tokens) + carried
    for i in range(p.high_layers + p.low_layers):
        b = f"blocks.{i}"
        h = norm(h + attention(h, w, f"{b}.attention", p.heads, None, False), w, f"{b}.first_norm", p.norm_epsilon)
        h = norm(h + feed_forward(h, w, f"{b}.feed_forward"), w, f"{b}.second_norm", p.norm_epsilon)
    return h


def rnn(w, p, tokens, carried):
    x, h = embed(w, tokens), carried
    for _ in range(p.high_cycles * p.low_cycles):
        h = gru(x + attention(h, w, "gather", p.heads, None, False), h, w, "cell")
    return h


def pointer(w, p, tokens, carried, temperature, heads, carrying):
    """One example: hidden vectors, routes [refinement][block] (heads,), and its ponder costs (length,) or None.

    `heads` is the number that the model has; a gradient flows through the last `carrying` refinements alone.
    """
    o, eps = p.pointer, p.norm_epsilon
    x = embed(w, tokens)
    h = x + carried
    depth = p.high_layers + p.low_layers
    lows = [torch.zeros_like(w["blocks.0.controller.high_norm.bias"])] * depth
    highs = list(lows)
    routes, hiddens, chances = [], [], []
    for t in range(o.refinements):
        y = h + x if o.inject_input else h
        if t < o.refinements - carrying:
            y = y.detach()
        routes.append([])
        for i in range(depth):
            b, c = f"blocks.{i}", f"blocks.{i}.controller"
            low, high = lows[i], highs[i]
            if o.controller_gradient == "detached":
                low, high = low.detach(), high.detach()
            normed = norm(y, w, f"{b}.first_norm", eps)
            seen = affine(normed.mean(0), w, f"{c}.project")
            if o.high_gate:
                share = torch.sigmoid(affine(torch.cat([seen, low]), w, f"{c}.high_gate"))
                high = (1 - share) * high + share * norm(gru(seen, high, w, f"{c}.high_cell"), w, f"{c}.high_norm", eps)
            elif t % o.period == 0:
                high = norm(gru(seen, high, w, f"{c}.high_cell"), w, f"{c}.high_norm", eps)
            low = norm(gru(torch.cat([seen, high]), low, w, f"{c}.low_cell"), w, f"{c}.low_norm", eps)
            scores = affine(low + affine(high, w, f"{c}.modulate"), w, f"{c}.router")
            route = torch.exp(scores / temperature) / torch.exp(scores / temperature).sum()
            used = route
            if o.routing == "straight_through":
                used = (torch.arange(heads) == route.argmax()).double() - route.detach() + route
            scales = w[f"{b}.head_gain"] * used
            y = y + attention(normed, w, f"{b}.attention", heads, scales, o.routed == "output_slices")
            y = y + feed_forward(norm(y, w, f"{b}.second_norm", eps), w, f"{b}.feed_forward")
            lows[i], highs[i] = low, high
            routes[t].append(route)
        h = h + y if o.residual == "sum" else h + w["residual_scale"] * (y - h)
        if t < o.refinements - carrying:
            h = h.detach()
            lows, highs = [z.detach() for z in lows], [z.detach() for z in highs]
            routes[t] = [route.detach() for route in routes[t]]
        hiddens.append(h)
        if o.ponder_cost:
            chance = torch.sigmoid(affine(h, w, "halting"))[:, 0]
            chances.append(chance.detach() if t < o.refinements - carrying else chance)
    if not o.ponder_cost:
        return h, routes, None
    answers, costs = [], []
    for place in range(len(tokens)):  # Graves (2016), section 2, one position at a time
        spent, answer = torch.zeros(()).double(), 0.0
        for t in range(o.refinements):
            if spent + chances[t][place] >= o.halting_threshold or t == o.refinements - 1:
                answers.append(answer + (1 - spent) * hiddens[t][place])
                costs.append(t + 1 + 1 - spent)
                break
            answer = answer + chances[t][place] * hiddens[t][place]
            spent = spent + chances[t][place]
    return torch.stack(answers), routes, torch.stack(costs)


def adamw(value, gradient, lr, beta1, beta2, decay, epsilon):
    """The first step of AdamW (Loshchilov and Hutter, 2019)."""
    m, v = (1 - beta1) * gradient / (1 - beta1), (1 - beta2) * gradient**2 / (1 - beta2)
    return value - lr * decay * value - lr * m / (v.sqrt() + epsilon)
