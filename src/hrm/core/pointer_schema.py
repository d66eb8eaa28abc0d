"""Parameters of the pointer-over-heads model (hrm.models.pointer)."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt

from hrm.core.params import Params


class PointerParams(Params):
    """The section model.pointer; other architectures do not look at it."""

    fewer_heads: NonNegativeInt  # less than the model section says, and the hidden size with them: room for controllers
    controller_share: Annotated[float, Field(gt=0.0)]  # size of the controllers' states, as a share of the hidden size
    controller_gradient: Literal["through_time", "detached"]  # detached: their states pass no gradient on
    refinements: PositiveInt  # R: passes through the stack in one segment
    controller_reset: Literal[
        "segment", "never"
    ]  # never: their states go on from segment to segment, and to the next example
    period: PositiveInt  # T: f_H is called at refinements 0, T, 2 T, ...
    high_gate: bool  # f_H is called at every refinement, and a learned gate says how much of its update is taken
    inject_input: bool  # the embedded input is added to the hidden state before every refinement
    # h + a (stack(h) - h) with a learned from 0, h + stack(h), or stack(h) alone
    residual: Literal["rezero", "sum", "none"]
    routed: Literal["heads", "output_slices"]  # what the routes scale: heads, or slices of the projected output
    routing: Literal["soft", "straight_through"]
    temperature_start: PositiveFloat
    temperature_end: PositiveFloat
    entropy_weight: NonNegativeFloat
    entropy_annealed: bool
    halting_threshold: Annotated[float, Field(gt=0.0, le=1.0)]
    ponder_cost: NonNegativeFloat  # 0: no halting within a segment
