"""Model, losses and optimizers again, in plain float64 torch, one example at a time, written from the equations.

Nothing of src/hrm is used. Weights come as a dictionary name -> tensor, parameters as the parameter models.
"""

import math

import torch


def rms(x, eps, scale=1.0):
    return x / (x**2).mean(-1, keepdim=True).add(eps).sqrt() * scale


def rope(x, base):
    """x (length, size): rotate the pair (i, i + size/2) of position p by p * base^(-2i/size)."""
    length, size = x.shape
    half = size // 2
    angles = torch.tensor(
        [[p * base ** (-2 * i / size) for i in range(half)] for p in range(length)], dtype=torch.float64
    )
    a, b = x[:, :half], x[:, half:]
    return torch.cat([a * angles.cos() - b * angles.sin(), b * angles.cos() + a * angles.sin()], dim=1)


def attention(x, w, prefix, heads, base):
    qkv = x @ w[f"{prefix}.qkv_proj.weight"].T
    size = x.shape[1] // heads
    outs = []
    for h in range(heads):
        q, k, v = (qkv[:, part * x.shape[1] + h * size : part * x.shape[1] + (h + 1) * size] for part in range(3))
        if base:
            q, k = rope(q, base), rope(k, base)
        e = (q @ k.T / math.sqrt(size)).exp()
        outs.append(e / e.sum(1, keepdim=True) @ v)
    return torch.cat(outs, 1) @ w[f"{prefix}.o_proj.weight"].T


def swiglu(x, w, prefix):
    both = x @ w[f"{prefix}.gate_up_proj.weight"].T
    gate, up = both[:, : both.shape[1] // 2], both[:, both.shape[1] // 2 :]
    return (gate / (1 + (-gate).exp()) * up) @ w[f"{prefix}.down_proj.weight"].T


def module(x, w, name, layers, p):
    for i in range(layers):
        prefix = f"{name}.layers.{i}"
        base = p.rope_base if p.positions in ("rope", "both") else None
        if p.mixing == "mlp":
            mixed = swiglu(x.T, w, f"{prefix}.self_attn.mlp").T
        else:
            mixed = attention(x, w, f"{prefix}.self_attn", p.heads, base)
        first, second = (w.get(f"{prefix}.norm_scales.{n}", 1.0) for n in (0, 1))
        x = rms(x + mixed, p.norm_epsilon, first)
        x = rms(x + swiglu(x, w, f"{prefix}.mlp"), p.norm_epsilon, second)
    if p.state_sparsity:
        kept = x.shape[1] - round(p.state_sparsity * x.shape[1])
        least = x.abs().sort(dim=1, descending=True).values[:, kept - 1 : kept]
        x = torch.where(x.abs() >= least, x, torch.zeros_like(x))
    return x


def calls_of(p):
    """The module calls of a segment, and how many of them, the last ones, carry a gradient."""
    single = p.architecture == "single"
    cycle = ["single"] if single else ["low"] * p.low_cycles + ["high"]
    calls = cycle * (p.high_cycles * (p.low_cycles if single else 1))
    wanted = {"one_step": min(2, len(cycle)), "k_step": p.gradient.steps, "last_cycle": len(cycle), "full": len(calls)}
    return calls, min(wanted[p.gradient.rule], len(calls))


def segment(w, p, tokens, *states):
    """One segment of one example: (cells,) tokens and (length, hidden) states -> states, logits, q."""
    grid = w["embedding.tokens"][tokens]
    row = w["embedding.puzzle_table"][0]
    length = -(-len(row) // p.hidden_size)
    front = torch.cat([row, torch.zeros(length * p.hidden_size - len(row), dtype=row.dtype)])
    x = torch.cat([front.view(length, p.hidden_size), grid])
    if p.positions in ("learned", "both"):
        x = math.sqrt(0.5) * (x + w["embedding.positions"])
    x = x * math.sqrt(p.hidden_size)
    states = list(states)
    calls, carrying = calls_of(p)
    for number, call in enumerate(calls):
        if 0 < number == len(calls) - carrying:
            states = [s.detach() for s in states]
        if call == "single":
            states[0] = module(states[0] + x, w, "high_module", p.high_layers + p.low_layers, p)
        elif call == "low":
            name, layers = ("high_module", p.high_layers) if p.shared_modules else ("low_module", p.low_layers)
            states[1] = module(states[1] + states[0] + x, w, name, layers, p)
        else:
            new = module(states[0] + states[1], w, "high_module", p.high_layers, p)
            if p.high_update == "gated":
                both = torch.cat([states[0], states[1]], dim=1)
                gate = 1 / (1 + (-(both @ w["high_gate.weight"].T + w["high_gate.bias"])).exp())
                new = states[0] + gate * (new - states[0])
            states[0] = new
    logits = states[0][len(states[0]) - len(tokens) :] @ w["head.weight"].T
    return states, logits, states[0][0] @ w["q_head.weight"].T + w["q_head.bias"]


def cell_loss(logits, labels, train):
    """Mean over the cells whose label is not 0."""
    total, count = 0.0, 0
    for row, label in zip(logits, labels.tolist(), strict=True):
        if label == 0:
            continue
        mass = row.exp() if train.loss == "softmax" else torch.where(row < 0, 1 / (1 - row.clamp(max=0)), row + 1)
        logs = (mass / mass.sum()).log()
        total = total - (1 - train.label_smoothing) * logs[label] - train.label_smoothing * logs.mean()
        count += 1
    return total / count


def log_sigmoid_loss(logit, target):
    chance = 1 / (1 + (-logit).exp())
    return -(target * chance.log() + (1 - target) * (1 - chance).log())


def example_loss(w, run, tokens, labels, steps, *states):
    """Loss of one segment of one example by the halting rule; the states after it."""
    states, logits, q = segment(w, run.model, tokens, *states)
    cells = cell_loss(logits, labels, run.train)
    counted = labels != 0
    exact = float((logits.argmax(1) == labels)[counted].all())
    last = steps >= run.halting.max_segments
    rule = run.halting.rule
    more = run.halting.max_segments > 1  # with one segment the released code neither looks further nor trains continue
    if rule == "fixed" or (rule == "ponder" and not more):
        return cells, states
    with torch.no_grad():
        _, next_logits, next_q = segment(w, run.model, tokens, *states)
    if rule == "ponder":
        halt = 1.0 if last else 1 / (1 + (-q[0]).exp())
        extra = halt * cells.detach() + (1 - halt) * (
            run.halting.ponder_cost + cell_loss(next_logits, labels, run.train)
        )
    else:
        extra = log_sigmoid_loss(q[0], exact)
    if rule == "q_learning" and more:
        best = next_q[0] if last else next_q.max()
        extra = extra + log_sigmoid_loss(q[1], 1 / (1 + (-best).exp()))
    return cells + run.halting.loss_weight * extra, states


def optimizer_step(x, gradients, lr, o):
    """The value of one number after updates with these gradients, which are clipped already."""
    m, v = 0.0, 0.0
    for t, g in enumerate(gradients, 1):
        m = o.beta1 * m + (1 - o.beta1) * g
        v = o.beta2 * v + (1 - o.beta2) * g * g
        x = x - lr * o.weight_decay * x
        first, second = m / (1 - o.beta1**t), math.sqrt(v / (1 - o.beta2**t))
        if o.name == "adamw":
            x = x - lr * first / (second + o.epsilon)
        else:
            x = x - lr / (1 - o.beta1**t) * math.atan2(m, second)
    return x
