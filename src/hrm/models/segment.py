"""What all networks share: embedding, states between segments, answer and halting heads. One call is one segment."""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple, TypeAlias

import torch
from torch import Tensor, nn

from hrm.core.schema import ModelParams
from hrm.models.initial import Init
from hrm.models.layers import EVERYWHERE, Linear, Rotary, rotary_table


class InputEmbedding(nn.Module):
    """Tokens (batch, cells) and puzzle ids (batch,) -> (batch, puzzle length + cells, hidden).

    The puzzle's embedding fills the positions in front from their first number on, the rest of them is 0.
    The puzzle table is a buffer: its rows are trained by SignSGD on sparse gradients, outside the main optimizer
    (section 3 of the paper names it, its released code fixes it). It starts at zero.
    """

    def __init__(self, params: ModelParams, vocabulary_size: int, cells: int, puzzle_ids: int, init: Init) -> None:
        super().__init__()
        self.hidden_size = params.hidden_size
        self.puzzle_length = params.puzzle_length
        self.length = self.puzzle_length + cells
        std = params.hidden_size**-0.5
        self.tokens = nn.Parameter(init.vectors((vocabulary_size, params.hidden_size), std))
        self.puzzle_table: Tensor
        self.register_buffer("puzzle_table", torch.zeros(puzzle_ids, params.puzzle_embedding_size))
        self.positions: nn.Parameter | None = None
        if params.positions in ("learned", "both"):
            self.positions = nn.Parameter(init.vectors((self.length, params.hidden_size), std))

    def forward(self, inputs: Tensor, puzzle_rows: Tensor, dtype: torch.dtype) -> Tensor:
        """`puzzle_rows` (batch, puzzle embedding size) are the rows of the table for this batch."""
        # A product with one-hot rows gives the same vectors as indexing, but its gradient is a product too: on an H200
        # the scattered sum that indexing needs took 6 ms of a 57 ms step, as all tokens share a few rows.
        hot = (inputs.unsqueeze(-1) == torch.arange(len(self.tokens), device=inputs.device)).to(dtype)
        embedded = hot @ self.tokens.to(dtype)
        if self.puzzle_length:
            room = self.puzzle_length * self.hidden_size - puzzle_rows.shape[1]
            rows = nn.functional.pad(puzzle_rows.to(dtype), (0, room))
            embedded = torch.cat((rows.view(len(inputs), self.puzzle_length, self.hidden_size), embedded), dim=1)
        if self.positions is not None:
            # The mean of two unit-variance terms, times sqrt(2), keeps the variance.
            embedded = math.sqrt(0.5) * (embedded + self.positions.to(dtype))
        return math.sqrt(self.hidden_size) * embedded


# A named tuple of tensors (batch, puzzle length + cells, hidden); the answer is read from the first.
States: TypeAlias = Any
Observer: TypeAlias = Callable[[str, int, Tensor], None]  # name of the state, cycle counted from 1, the state


def with_gradient(wanted: bool) -> AbstractContextManager[object]:
    """Leave gradients as they are, or switch them off."""
    return nullcontext() if wanted else torch.no_grad()


class Shape(NamedTuple):
    """What the task asks of a network."""

    vocabulary_size: int
    cells: int
    puzzle_ids: int


class QHead(nn.Module):
    """Halt and continue values; weight 0 and bias -5, so that training starts by not halting (released code)."""

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(2, hidden_size))
        self.bias = nn.Parameter(torch.full((2,), -5.0))

    def forward(self, hidden: Tensor) -> Tensor:
        """(batch, hidden) -> (batch, 2) float32 logits (halt, continue)."""
        return nn.functional.linear(hidden, self.weight.to(hidden.dtype), self.bias.to(hidden.dtype)).float()


class SegmentModel(nn.Module):
    """A network that refines its states segment by segment; subclasses say which states and how.

    `states` names the states, the answering one first. Weights depend on the generator alone, not on the device.
    """

    states: type[Any]
    two_levels = False  # a high module and a low one, each with a state of its own
    zero_states = False  # the states of fresh examples are 0
    observer: Observer | None = None  # is told of every state that a segment goes through; hrm.models.trace sets it

    def __init__(self, params: ModelParams, shape: Shape, dtype: torch.dtype, generator: torch.Generator) -> None:
        super().__init__()
        self.params, self.dtype = params, dtype
        init = Init(params.initialisation, generator)
        self.embedding = InputEmbedding(params, shape.vocabulary_size, shape.cells, shape.puzzle_ids, init)
        self.make_modules(init)
        self.head = Linear(params.hidden_size, shape.vocabulary_size, init)
        self.q_head = QHead(params.hidden_size)
        for name in self.states._fields:
            first = torch.zeros(params.hidden_size) if self.zero_states else init.state(params.hidden_size)
            if params.initial_states == "learned":
                self.register_parameter(_init_name(name), nn.Parameter(first))
            else:
                self.register_buffer(_init_name(name), first)
        cosine, sine = rotary_table(self.embedding.length, params.hidden_size // params.heads, params.rope_base)
        self.cosine: Tensor
        self.sine: Tensor
        self.register_buffer("cosine", cosine, persistent=False)
        self.register_buffer("sine", sine, persistent=False)

    def make_modules(self, init: Init) -> None:
        """Make the recurrent modules."""
        raise NotImplementedError

    def forward_states(self, states: States, injected: Tensor, rotary: Rotary, positions: slice) -> States:
        """The states after one segment; the answering one at `positions` alone.

        Args:
            states: from the segment before.
            injected: the embedded input (batch, length, hidden).
            rotary: cosine and sine of positions, or None.
            positions: those that the caller reads.
        """
        raise NotImplementedError

    def forward_states_with_cost(
        self, states: States, injected: Tensor, rotary: Rotary, positions: slice
    ) -> tuple[States, Tensor | None]:
        """`forward_states`, and what the network adds to the loss in training (scalar), if it adds anything."""
        return self.forward_states(states, injected, rotary, positions), None

    def note(self, name: str, cycle: int, state: Tensor) -> None:
        """Tell the observer, where there is one, of a state as it is made.

        `name` is H or L, or core where there is one state; `cycle` counts from 1 within the segment.
        """
        if self.observer is not None:
            self.observer(name, cycle, state)

    def set_progress(self, progress: Tensor) -> None:
        """Take note of the share of the training that is done (scalar, from 0 towards 1), before a training step."""

    def initial_carry(self, batch: int, device: torch.device) -> States:
        """States of fresh examples: the same vector at every position; no gradient."""
        shape = (batch, self.embedding.length, self.params.hidden_size)
        return self.states(*(init.detach().to(device).expand(shape).contiguous() for init in self._inits()))

    def reset(self, carry: States, fresh: Tensor) -> States:
        """Start the states of the examples with `fresh` (batch,) over.

        Learned first values have a gradient here; it comes through where the gradient rule reaches the segment's start.
        """
        chosen = fresh.view(-1, 1, 1)
        return self.states(*(torch.where(chosen, init, kept) for init, kept in zip(self._inits(), carry, strict=True)))

    def forward(
        self, carry: States, inputs: Tensor, puzzle_ids: Tensor, puzzle_rows: Tensor | None = None
    ) -> tuple[States, Tensor, Tensor]:
        """One segment.

        Args:
            carry: states from the segment before, or `initial_carry`.
            inputs: (batch, cells) tokens.
            puzzle_ids: (batch,) row of the puzzle table.
            puzzle_rows: those rows as a leaf with a gradient, in training; looked up when None.

        Returns:
            The detached next carry, logits (batch, cells, vocabulary), and (batch, 2) halt and continue logits.
        """
        return self.forward_with_cost(carry, inputs, puzzle_ids, puzzle_rows)[0]

    def forward_with_cost(
        self, carry: States, inputs: Tensor, puzzle_ids: Tensor, puzzle_rows: Tensor | None = None
    ) -> tuple[tuple[States, Tensor, Tensor], Tensor | None]:
        """`forward`, and what the network adds to the loss in training (scalar), if it adds anything."""
        after, cost = self._segment(carry, inputs, puzzle_ids, puzzle_rows, EVERYWHERE)
        answer = after[0]
        logits = self.head(answer[:, self.embedding.puzzle_length :])
        return (type(after)(*(state.detach() for state in after)), logits, self.q_head(answer[:, 0])), cost

    def bootstrap(self, carry: States, inputs: Tensor, puzzle_ids: Tensor, puzzle_rows: Tensor | None = None) -> Tensor:
        """The Q values (batch, 2) after one more segment: the extra forward pass for the target of continue.

        The Q head reads position 0 alone, so the last block computes no other.
        """
        states, _ = self._segment(carry, inputs, puzzle_ids, puzzle_rows, slice(1))
        return self.q_head(states[0][:, 0])

    def _segment(
        self, carry: States, inputs: Tensor, puzzle_ids: Tensor, puzzle_rows: Tensor | None, positions: slice
    ) -> tuple[States, Tensor | None]:
        injected, rotary = self._embed(inputs, puzzle_ids, puzzle_rows)
        return self.forward_states_with_cost(carry, injected, rotary, positions)

    def _embed(self, inputs: Tensor, puzzle_ids: Tensor, puzzle_rows: Tensor | None) -> tuple[Tensor, Rotary]:
        if puzzle_rows is None:
            puzzle_rows = self.embedding.puzzle_table[puzzle_ids]
        injected = self.embedding(inputs, puzzle_rows, self.dtype)
        return injected, (self.cosine, self.sine) if self.params.positions in ("rope", "both") else None

    def _inits(self) -> list[Tensor]:
        return [getattr(self, _init_name(name)).to(self.dtype) for name in self.states._fields]


def _init_name(state: str) -> str:
    return f"{state.removesuffix('_state')}_init"
