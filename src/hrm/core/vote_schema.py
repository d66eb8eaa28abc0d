"""What params/evaluation.yaml may say of the votes over augmented copies of ARC test inputs."""

from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from hrm.core.params import Params


class VoteParams(Params):
    """The section `votes`."""

    augmentations: (
        Literal["all"] | PositiveInt
    )  # copies of each test input; a number: the first ones of the task's plan
    counts: Annotated[list[PositiveInt], Field(min_length=1)]
    top: Annotated[list[PositiveInt], Field(min_length=1)]
    subsets: PositiveInt
    seed: NonNegativeInt
    block: PositiveInt

    @model_validator(mode="after")
    def _rising(self) -> "VoteParams":
        for key in ("counts", "top"):
            values = getattr(self, key)
            if values != sorted(set(values)):
                raise ValueError(f"{key} must rise, as in [1, 2, 10]")
        if 2 not in self.top:
            raise ValueError("top must hold 2, the attempts that the ARC Prize allows")
        return self
