"""The model and the optimizer again, in plain numpy float64, written from the equations and not from src/hrm."""

import math

import numpy as np


def rms(x, eps):
    return x / np.sqrt((x**2).mean(-1, keepdims=True) + eps)


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def rope(x, base):
    """x (length, size): rotate the pair (i, i + size/2) of position p by p * base^(-2i/size)."""
    length, size = x.shape
    out = np.empty_like(x)
    for p in range(length):
        for i in range(size // 2):
            angle = p * base ** (-2 * i / size)
            a, b = x[p, i], x[p, i + size // 2]
            out[p, i] = a * math.cos(angle) - b * math.sin(angle)
            out[p, i + size // 2] = b * math.cos(angle) + a * math.sin(angle)
    return out


def attention(x, w, prefix, heads, base):
    qkv = x @ w[f"{prefix}.qkv_proj.weight"].T
    size = x.shape[1] // heads
    outs = []
    for h in range(heads):
        q, k, v = (qkv[:, part * x.shape[1] + h * size : part * x.shape[1] + (h + 1) * size] for part in range(3))
        if base:
            q, k = rope(q, base), rope(k, base)
        outs.append(softmax(q @ k.T / math.sqrt(size)) @ v)
    return np.concatenate(outs, 1) @ w[f"{prefix}.o_proj.weight"].T


def swiglu(x, w, prefix):
    both = x @ w[f"{prefix}.gate_up_proj.weight"].T
    gate, up = np.split(both, 2, axis=1)
    return (gate / (1 + np.exp(-gate)) * up) @ w[f"{prefix}.down_proj.weight"].T


def module(x, w, name, layers, p):
    for i in range(layers):
        prefix = f"{name}.layers.{i}"
        base = p.rope_base if p.positions == "rope" else None
        if p.mixing == "mlp":
            mixed = swiglu(x.T, w, f"{prefix}.self_attn.mlp").T
        else:
            mixed = attention(x, w, f"{prefix}.self_attn", p.heads, base)
        x = rms(x + mixed, p.norm_epsilon)
        x = rms(x + swiglu(x, w, f"{prefix}.mlp"), p.norm_epsilon)
    return x


def segment(w, p, tokens, *states):
    """One segment of one example: (cells,) tokens and (length, hidden) states -> states, logits, q."""
    grid = w["embedding.tokens"][tokens]
    x = np.concatenate([w["embedding.puzzle_table"][:1].reshape(-1, p.hidden_size), grid])
    if p.positions == "learned":
        x = math.sqrt(0.5) * (x + w["embedding.positions"])
    x = x * math.sqrt(p.hidden_size)
    if p.architecture == "single":
        (high,) = states
        for _ in range(p.high_cycles * p.low_cycles):
            high = module(high + x, w, "high_module", p.high_layers + p.low_layers, p)
        states = (high,)
    else:
        high, low = states
        name, layers = ("high_module", p.high_layers) if p.shared_modules else ("low_module", p.low_layers)
        for _ in range(p.high_cycles):
            for _ in range(p.low_cycles):
                low = module(low + high + x, w, name, layers, p)
            high = module(high + low, w, "high_module", p.high_layers, p)
        states = (high, low)
    logits = high[len(high) - len(tokens) :] @ w["head.weight"].T
    return states, logits, high[0] @ w["q_head.weight"].T + w["q_head.bias"]


def adam_atan2(x, grads, lr, beta1, beta2, decay):
    m, v = 0.0, 0.0
    for t, g in enumerate(grads, 1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        x = x - lr * decay * x
        x = x - lr / (1 - beta1**t) * math.atan2(m, math.sqrt(v / (1 - beta2**t)))
    return x
