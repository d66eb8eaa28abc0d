"""The pointer-over-heads model: a pre-norm Transformer stack, applied R times, whose heads a controller weighs.

    h <- x                                   x is the embedded input, plus the state of the segment before
    h <- h + a (stack(h + x) - h)            R times; the scale a is learned and starts at 0 (rezero)
    answer = head(h)

One segment is one forward pass of the published model: its state starts at 0 and its controllers start anew, so with
one segment the two agree. Further segments go on refining. With `controller_reset: never` the controllers of a place in
the batch keep their states, whatever example stands there: the study's O(1) training before its router reset.
Source: github.com/Eran-BA/PoT (src/pot/modules/block.py, src/pot/core/hrm_controller.py,
experiments/run_12x12_8m_benchmark.py); docs/deviations.md lists what differs.

The controller of one block: two recurrent cells at two rates choose among heads.

    x = W mean of the hidden vectors
    z_H <- LN(f_H(x, z_H))                  at refinements 0, T, 2 T, ...
    z_L <- LN(f_L([x, z_H], z_L))           at every refinement
    routes = softmax(router(z_L + G z_H) / temperature)

With `high_gate` f_H is called every time and a learned share of its update is taken: a dynamic period.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from hrm.models.architecture import gradient_calls
from hrm.models.initial import Init
from hrm.models.layers import Layer, Rotary, drop
from hrm.models.plain_layers import Affine, FeedForward, GruCell, LayerNorm, SelfAttention
from hrm.models.pointer import PointerModelParams
from hrm.models.segment import SegmentModel, Shape, States, with_gradient


class ControllerState(NamedTuple):
    """Both (batch, controller size)."""

    high: Tensor
    low: Tensor

    def detach(self) -> "ControllerState":
        """The same without a gradient."""
        return ControllerState(self.high.detach(), self.low.detach())


def controller_size(params: PointerModelParams) -> int:
    """Size of a controller's states."""
    return max(1, round(params.pointer.controller_share * params.hidden_size))


class HeadController(nn.Module):
    """Chooses how much each head of a block counts, for a whole example at a time."""

    def __init__(self, params: PointerModelParams, init: Init) -> None:
        super().__init__()
        self.pointer = params.pointer
        size = controller_size(params)
        self.project = Affine(params.hidden_size, size, init)
        self.high_cell = GruCell(size, size, init)  # f_H
        self.low_cell = GruCell(2 * size, size, init)  # f_L
        self.high_norm = LayerNorm(size, params.norm_epsilon)
        self.low_norm = LayerNorm(size, params.norm_epsilon)
        self.modulate = Affine(size, size, init, bias=False)
        self.router = Affine(size, params.heads, init)
        self.high_gate = Affine(2 * size, 1, init) if params.pointer.high_gate else None

    def forward(
        self, hidden: Tensor, state: ControllerState, refinement: int, temperature: Tensor
    ) -> tuple[Tensor, ControllerState]:
        """One refinement: routes (batch, heads), float32 with sum 1, and the next state.

        Args:
            hidden: (batch, length, hidden) what the block attends to.
            state: of the refinement before.
            refinement: its number, from 0.
            temperature: scalar, of the softmax.
        """
        seen = self.project(hidden.mean(dim=1))
        high = state.high
        if self.high_gate is not None:
            share = torch.sigmoid(self.high_gate(torch.cat((seen, state.low), dim=-1)))
            high = torch.lerp(high, self.high_norm(self.high_cell(seen, high)), share)
        elif refinement % self.pointer.period == 0:
            high = self.high_norm(self.high_cell(seen, high))
        low = self.low_norm(self.low_cell(torch.cat((seen, high), dim=-1), state.low))
        scores = self.router(low + self.modulate(high))
        wide = scores if scores.dtype == torch.float64 else scores.float()
        return torch.softmax(wide / temperature, dim=-1), ControllerState(high, low)


def hard_routes(routes: Tensor) -> Tensor:
    """The likeliest head alone, with the gradient of the soft routes: (..., heads) -> the same shape."""
    chosen = nn.functional.one_hot(routes.argmax(dim=-1), routes.shape[-1]).to(routes.dtype)
    return chosen + routes - routes.detach()


def route_entropy(routes: Tensor) -> Tensor:
    """Entropy in nats of routes (..., heads) -> (...)."""
    return -(routes * routes.clamp_min(1e-12).log()).sum(dim=-1)


class Pondering:
    """Adaptive computation time over refinements (Graves, 2016, arXiv 1603.08983), at static shapes.

    Each position halts at the first refinement N at which its halting probabilities sum to the threshold, at the last
    one in any case. Its answer is the mean of its hidden vectors under those probabilities, the last of which is
    replaced by what the others leave of 1; its ponder cost is N plus that remainder. All refinements are computed all
    the same. Call `add` once a refinement.
    """

    def __init__(self, hidden: Tensor, threshold: float, refinements: int) -> None:
        self.threshold, self.left = threshold, refinements
        self.answer = torch.zeros_like(hidden)  # (batch, length, hidden)
        self.spent = hidden.new_zeros(hidden.shape[:-1], dtype=torch.promote_types(hidden.dtype, torch.float32))
        self.costs = torch.zeros_like(self.spent)
        self.running = torch.ones_like(self.spent, dtype=torch.bool)

    def add(self, hidden: Tensor, halting: Tensor) -> None:
        """Take hidden vectors (batch, length, hidden) after a refinement and their halting logits (batch, length)."""
        self.left -= 1
        chance = torch.sigmoid(halting.to(self.spent.dtype))
        stops = self.running & ((self.spent + chance >= self.threshold) if self.left else self.running)
        rest = 1.0 - self.spent
        zero = torch.zeros_like(rest)
        weight = torch.where(stops, rest, torch.where(self.running, chance, zero))
        self.answer = self.answer + weight.unsqueeze(-1).to(hidden.dtype) * hidden
        self.costs = self.costs + self.running.to(rest.dtype) + torch.where(stops, rest, zero)
        self.spent = self.spent + torch.where(self.running, chance, zero)
        self.running = self.running & ~stops

    def cost(self) -> Tensor:
        """Mean over batch and positions (scalar), in refinements."""
        return self.costs.mean()


class State(NamedTuple):
    """The state between segments, (batch, puzzle length + cells, hidden)."""

    high_state: Tensor


class KeptState(NamedTuple):
    """The same, with the states of the controllers that are never reset: (batch, blocks, 2 x controller size)."""

    high_state: Tensor
    controllers: Tensor


class Refined(NamedTuple):
    """What all refinements of a segment gave."""

    hidden: Tensor  # (batch, length, hidden)
    controllers: list[ControllerState]  # of the blocks, after the last refinement
    routes: Tensor  # (refinements, blocks, batch, heads) float32
    ponder_cost: Tensor | None  # scalar, in refinements


class PointerBlock(Layer):
    """Attention with weighed heads, then feed-forward without biases, each on the norm of the hidden state."""

    def __init__(self, params: PointerModelParams, init: Init) -> None:
        super().__init__()
        size, self.dropout, self.pointer = params.hidden_size, params.dropout, params.pointer
        slices = params.pointer.routed == "output_slices"
        self.attention = SelfAttention(size, params.heads, params.dropout, init, slices)
        self.feed_forward = FeedForward(size, round(params.expansion * size), params.dropout, init, bias=False)
        self.first_norm = LayerNorm(size, params.norm_epsilon)
        self.second_norm = LayerNorm(size, params.norm_epsilon)
        self.head_gain = nn.Parameter(torch.ones(params.heads))
        self.controller = HeadController(params, init)

    def forward(
        self, hidden: Tensor, state: ControllerState, refinement: int, temperature: Tensor, rotary: Rotary
    ) -> tuple[Tensor, ControllerState, Tensor]:
        """(batch, length, hidden) -> the same shape, the controller's next state, and soft routes (batch, heads)."""
        normed = self.first_norm(hidden)
        routes, state = self.controller(normed, state, refinement, temperature)
        used = routes if self.pointer.routing == "soft" else hard_routes(routes)
        scales = self.head_gain.to(hidden.dtype) * used.to(hidden.dtype)
        hidden = hidden + drop(self.attention(normed, rotary, scales), self.dropout, self.training)
        fed = self.feed_forward(self.second_norm(hidden))
        return hidden + drop(fed, self.dropout, self.training), state, routes


class Pointer(SegmentModel):
    """A stack of blocks, as many as HRM's two modules have layers, each with a controller of its own."""

    states = State
    zero_states = True
    params: PointerModelParams

    def __init__(
        self, params: PointerModelParams, shape: Shape, dtype: torch.dtype, generator: torch.Generator
    ) -> None:
        super().__init__(narrowed(params), shape, dtype, generator)
        pointer = params.pointer
        self.keeps_controllers = pointer.controller_reset == "never"
        # Set before each training step; a model that is not trained has the values of the end.
        self.temperature: Tensor
        self.entropy_weight: Tensor
        self.register_buffer("temperature", torch.tensor(pointer.temperature_end), persistent=False)
        self.register_buffer("entropy_weight", torch.tensor(pointer.entropy_weight), persistent=False)

    def make_modules(self, init: Init) -> None:
        """The blocks, the scale of the residual, and the halting unit."""
        params = self.params
        depth = params.high_layers + params.low_layers
        self.blocks = nn.ModuleList(PointerBlock(params, init) for _ in range(depth))
        self.residual_scale = nn.Parameter(torch.zeros(1)) if params.pointer.residual == "rezero" else None
        self.halting = Affine(params.hidden_size, 1, init) if params.pointer.ponder_cost else None

    @torch.no_grad()
    def set_progress(self, progress: Tensor) -> None:
        """Temperature and weight of the entropy at a share (scalar) of the training."""
        pointer = self.params.pointer
        start, end = pointer.temperature_start, pointer.temperature_end
        self.temperature.copy_(start + (end - start) * progress)
        if pointer.entropy_annealed:
            self.entropy_weight.copy_(pointer.entropy_weight * (1.0 - progress))

    def initial_carry(self, batch: int, device: torch.device) -> States:
        """State of fresh examples, and controllers at rest."""
        carry = super().initial_carry(batch, device)
        if not self.keeps_controllers:
            return carry
        shape = (batch, len(self.blocks), 2 * controller_size(self.params))
        return KeptState(carry.high_state, torch.zeros(shape, dtype=self.dtype, device=device))

    def reset(self, carry: States, fresh: Tensor) -> States:
        """Start the state of the examples with `fresh` (batch,) over; controllers that are never reset stay."""
        if not self.keeps_controllers:
            return super().reset(carry, fresh)
        return KeptState(super().reset(State(carry.high_state), fresh).high_state, carry.controllers)

    def forward_states(self, states: States, injected: Tensor, rotary: Rotary, positions: slice) -> States:
        """All refinements of one segment."""
        return self._state_after(self._refine(states, injected, rotary), positions)

    def forward_states_with_cost(
        self, states: States, injected: Tensor, rotary: Rotary, positions: slice
    ) -> tuple[States, Tensor | None]:
        """All refinements, and the weighted mean entropy of the routes with the weighted ponder cost, where wanted."""
        refined = self._refine(states, injected, rotary)
        pointer, cost = self.params.pointer, None
        if pointer.entropy_weight:
            cost = self.entropy_weight * route_entropy(refined.routes).mean()
        if refined.ponder_cost is not None:
            ponder = pointer.ponder_cost * refined.ponder_cost
            cost = ponder if cost is None else cost + ponder
        return self._state_after(refined, positions), cost

    def routes(self, carry: States, inputs: Tensor, puzzle_ids: Tensor) -> Tensor:
        """Soft routes of one segment, (refinements, blocks, batch, heads); `route_entropy` gives their entropy."""
        return self._refine(carry, *self._embed(inputs, puzzle_ids, None)).routes

    def _state_after(self, refined: Refined, positions: slice) -> States:
        answer = refined.hidden[:, positions]
        if not self.keeps_controllers:
            return State(answer)
        return KeptState(answer, torch.stack([torch.cat(state, dim=-1) for state in refined.controllers], dim=1))

    def _first_controllers(self, states: States, hidden: Tensor) -> list[ControllerState]:
        if self.keeps_controllers:
            return [ControllerState(*state.chunk(2, dim=-1)) for state in states.controllers.unbind(dim=1)]
        zeros = hidden.new_zeros(len(hidden), controller_size(self.params))
        return [ControllerState(zeros, zeros)] * len(self.blocks)

    def _refine(self, states: States, injected: Tensor, rotary: Rotary) -> Refined:
        pointer = self.params.pointer
        count = pointer.refinements
        without = count - gradient_calls(self.params.gradient, count, 1)
        hidden = injected + states.high_state
        controllers = self._first_controllers(states, hidden)
        pondering = Pondering(hidden, pointer.halting_threshold, count) if self.halting is not None else None
        routes = []
        for refinement in range(count):
            with with_gradient(refinement >= without):
                after = hidden + injected if pointer.inject_input else hidden
                for index, block in enumerate(self.blocks):
                    state = controllers[index]
                    if pointer.controller_gradient == "detached":
                        state = state.detach()
                    after, controllers[index], route = block(after, state, refinement, self.temperature, rotary)
                    routes.append(route)
                hidden = self._residual(hidden, after)
                self.note("core", refinement + 1, hidden)
                if pondering is not None and self.halting is not None:
                    pondering.add(hidden, self.halting(hidden).squeeze(-1))
        stacked = torch.stack(routes).view(count, len(self.blocks), *routes[0].shape)
        if pondering is None:
            return Refined(hidden, controllers, stacked, None)
        return Refined(pondering.answer, controllers, stacked, pondering.cost())

    def _residual(self, before: Tensor, after: Tensor) -> Tensor:
        if self.params.pointer.residual == "none":
            return after
        if self.residual_scale is None:
            return before + after
        return before + self.residual_scale.to(before.dtype) * (after - before)


def narrowed(params: PointerModelParams) -> PointerModelParams:
    """The same with `fewer_heads` heads less, each as wide as before: the controllers take their place."""
    heads = params.heads - params.pointer.fewer_heads
    return params.model_copy(update={"heads": heads, "hidden_size": params.hidden_size // params.heads * heads})
