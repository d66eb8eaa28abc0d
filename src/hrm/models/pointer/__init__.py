"""The pointer-over-heads model: settings and costs; `network` has the network."""

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from hrm.core.params import Params
from hrm.core.schema import ModelParams
from hrm.models.architecture import Architecture

if TYPE_CHECKING:
    from hrm.models.pointer.network import Pointer


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


class PointerModelParams(ModelParams):
    """The model section of this architecture."""

    refines: ClassVar[bool] = True

    pointer: PointerParams

    @model_validator(mode="after")
    def _pointer_fits(self) -> "PointerModelParams":
        if self.pointer.fewer_heads >= self.heads:
            raise ValueError(f"pointer.fewer_heads {self.pointer.fewer_heads} must be below the {self.heads} heads")
        return self


class PointerArchitecture(Architecture):
    """A stack of blocks, applied R times."""

    params = PointerModelParams

    def network(self) -> "type[Pointer]":
        """Of hrm.models.pointer.network."""
        from hrm.models.pointer.network import Pointer

        return Pointer

    def layers_of_calls(self, params: ModelParams) -> list[int]:
        """A call is a refinement."""
        assert isinstance(params, PointerModelParams)
        return [params.high_layers + params.low_layers] * params.pointer.refinements


def controller_updates(refinements: int, period: int, steps: int) -> tuple[int, int]:
    """How often f_L and f_H of a block are called in `steps` training steps of one segment each, without a gate."""
    return steps * refinements, steps * -(-refinements // period)


ARCHITECTURE = PointerArchitecture()
